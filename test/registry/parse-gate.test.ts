import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Gate, Requirement } from "../../src/registry/gates/gate.js";
import { gates } from "../../src/registry/gates/gates.js";
import { parseGate } from "../../src/registry/gates/parse-gate.js";

const requirements: readonly Requirement[] = [
  { metric: "auc", min: 0.8 },
  { metric: "calibrationError", max: 0.05 },
  { metric: "logLoss", betterThan: "champion" },
  { metric: "logLoss", betterThan: "baseline", margin: 0.1 },
  { metric: "auc", notWorseThan: "champion", margin: 0.02 },
  { metric: "recall", notWorseThan: "champion", perSegment: "Contract" },
  { metric: "recall", notWorseThan: "baseline", margin: 0.05, perSegment: "Contract", minRows: 50 },
  { measure: "latencyMs", max: 2.5 },
  { measure: "bundleBytes", max: 5_000_000 },
  { class: "plus", metric: "recall", min: 0.5 },
  { class: "plus", metric: "precision", max: 0.9 },
  { metric: "classes.logLoss", max: 0.9 },
];
const refusedAt = (path: string): Error =>
  expect.objectContaining({ code: "OPTION_INVALID", where: { path } }) as Error;
const with1 = (requirement: unknown): unknown => ({
  name: "ours",
  requirements: [{ metric: "auc", min: 0 }, requirement],
});

describe("parseGate", () => {
  it("reads every kind of requirement, and the presets", () => {
    for (const gate of [...Object.values(gates), { name: "all", requirements } satisfies Gate]) {
      expect(parseGate(JSON.parse(JSON.stringify(gate)))).toEqual(gate);
    }
  });

  it.each<[unknown, string]>([
    [null, "gate"],
    [[], "gate"],
    [{ name: "x", requirements: [], more: 1 }, "gate"],
    [{ name: " ", requirements: [requirements[0]] }, "gate.name"],
    [{ name: "x".repeat(101), requirements: [requirements[0]] }, "gate.name"],
    [{ name: "x", requirements: [] }, "gate.requirements"],
    [{ name: "x", requirements: Array.from({ length: 101 }, () => requirements[0]) }, "gate.requirements"],
    [with1(7), "gate.requirements[1]"],
    [with1({ metric: "auc" }), "gate.requirements[1]"],
    [with1({ metric: "auc", minimum: 1 }), "gate.requirements[1]"],
    [with1({ metric: "auc", min: 0.1, max: 0.2 }), "gate.requirements[1]"],
    [with1({ metric: "auc", min: 0.1, margin: 0.2 }), "gate.requirements[1]"],
    [with1({ metric: "auc", betterThan: "champion", perSegment: "x" }), "gate.requirements[1]"],
    [with1({ metric: "auc", notWorseThan: "champion", minRows: 5 }), "gate.requirements[1]"],
    [with1({ measure: "latencyMs", min: 1 }), "gate.requirements[1]"],
    [with1({ class: "plus", metric: "recall" }), "gate.requirements[1].min"],
    [with1({ class: "plus", metric: "recall", min: 0.1, max: 0.2 }), "gate.requirements[1]"],
    [with1({ class: "plus", metric: "logLoss", max: 1 }), "gate.requirements[1].metric"],
    [with1({ metric: "classes.recall", min: 1 }), "gate.requirements[1].metric"],
    [with1({ metric: "classes.logLoss", notWorseThan: "champion" }), "gate.requirements[1].metric"],
    [with1({ metric: "toString", min: 1 }), "gate.requirements[1].metric"],
    [with1({ measure: "latency", max: 1 }), "gate.requirements[1].measure"],
    [with1({ metric: "auc", min: "0.8" }), "gate.requirements[1].min"],
    [with1({ metric: "auc", max: null }), "gate.requirements[1].max"],
    [with1({ measure: "latencyMs" }), "gate.requirements[1].max"],
    [with1({ metric: "auc", betterThan: "rival" }), "gate.requirements[1].betterThan"],
    [with1({ metric: "auc", notWorseThan: "champion", margin: null }), "gate.requirements[1].margin"],
    [with1({ metric: "auc", notWorseThan: "champion", perSegment: 7 }), "gate.requirements[1].perSegment"],
    [with1({ metric: "auc", notWorseThan: "champion", perSegment: "x", minRows: 0.5 }), "gate.requirements[1].minRows"],
  ])("refuses %j at %s", (json, path) => expect(() => parseGate(json)).toThrow(refusedAt(path)));

  it("refuses a key that reaches for the prototype", () => {
    expect(() =>
      parseGate(JSON.parse('{ "name": "x", "requirements": [{ "metric": "auc", "min": 1, "__proto__": {} }] }')),
    ).toThrow(refusedAt("gate.requirements[0]"));
  });

  it("gives a gate or a ChurnkitError for any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (name, one) => {
        for (const json of [one, { name, requirements: one }, { name: "x", requirements: [one] }]) {
          try {
            parseGate(json);
          } catch (error) {
            expect(error).toMatchObject({ code: "OPTION_INVALID" });
          }
        }
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonValue } from "../../src/base/json/value.js";
import { corrupt } from "../../src/model/corrupt.js";
import {
  lineageGraph,
  lineageMermaid,
  parseLineage,
  versionsUsingData,
  type Lineage,
  type VersionLineage,
} from "../../src/registry/versions/lineage.js";

const hash = (letter: string): string => letter.repeat(64);
const lineage: Lineage = {
  dataHash: hash("a"),
  contractHash: hash("c"),
  recipeHash: hash("e"),
  modelHash: hash("f"),
  signatureHash: hash("d"),
  seed: 1,
  environment: { versions: { churnkit: "0.1.0" } },
};
const versions: readonly VersionLineage[] = [
  { number: 1, semver: "1.0.0", aliases: [], lineage: { ...lineage, gitCommit: hash("1").slice(0, 40) } },
  {
    number: 2,
    semver: "1.1.0",
    aliases: ["champion", "blue"],
    lineage: { ...lineage, dataHash: hash("b"), parent: 1, runId: "run-7" },
  },
  {
    number: 4,
    semver: "2.0.0",
    aliases: [],
    lineage: { ...lineage, dataHash: hash("b"), contractHash: hash("0"), parent: 3 },
  },
];

const jsonOf = (value: unknown) => JsonValue.parse(JSON.stringify(value), "version.json", corrupt);

describe("lineageGraph", () => {
  const graph = lineageGraph(versions);

  it("has every version, what it was made of and what it followed", () => {
    const ids = graph.nodes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(graph.nodes.find(({ id }) => id === "version:2")).toEqual({
      id: "version:2",
      kind: "version",
      label: "version 2 (1.1.0), champion, blue",
    });
    expect(graph.nodes.find(({ id }) => id === "version:3")?.label).toBe("version 3");
    expect(graph.edges.filter(({ kind }) => kind === "parent")).toEqual([
      { from: "version:1", to: "version:2", kind: "parent" },
      { from: "version:3", to: "version:4", kind: "parent" },
    ]);
    expect(graph.edges.filter(({ from }) => from === `data:${hash("b")}`).map(({ to }) => to)).toEqual([
      "version:2",
      "version:4",
    ]);
    expect(
      graph.edges
        .filter(({ to }) => to === "version:2")
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(["contract", "data", "parent", "recipe", "run"]);
    expect(graph.edges.every(({ from, to }) => ids.includes(from) && ids.includes(to))).toBe(true);
    expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
  });

  it("is empty without versions", () => expect(lineageGraph([])).toEqual({ nodes: [], edges: [] }));
});

describe("lineageMermaid", () => {
  it("draws the graph", () => {
    const lines = lineageMermaid(lineageGraph(versions.slice(0, 2))).split("\n");
    expect(lines[0]).toBe("flowchart LR");
    expect(lines).toContain('  n0["version 1 (1.0.0)"]');
    expect(lines).toContain("  n0 -->|parent| n1");
    expect(lines).toContain('  n2[("data aaaaaaaaaaaa")]');
  });

  it("lets no label be more than text", () => {
    const graphs = fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 5 }).map((labels) => ({
      nodes: labels.map((label, i) => ({
        id: `${label}${i}`,
        kind: "run" as const,
        label: `${label}"]\n  click n0 "javascript:alert(1)" <b>#quot;`,
      })),
      edges: [],
    }));
    fc.assert(
      fc.property(graphs, (graph) => {
        const lines = lineageMermaid(graph).trimEnd().split("\n").slice(1);
        expect(lines).toHaveLength(graph.nodes.length);
        for (const line of lines) expect(line).toMatch(/^ {2}n\d+>"(?:[A-Za-z0-9 .,()_-]|#\d+;)*"\]$/);
      }),
    );
  });
});

it("versionsUsingData finds the versions of a data version", () => {
  expect(versionsUsingData(versions, hash("b")).map(({ number }) => number)).toEqual([2, 4]);
  expect(versionsUsingData(versions, hash("9"))).toEqual([]);
});

describe("parseLineage", () => {
  it("reads what was written", () => {
    const whole: Lineage = {
      ...lineage,
      gitCommit: "0123abc",
      parent: 3,
      runId: "run-7",
      trainedBy: "ada",
      trainedAt: "2026-01-31T00:00:00.000Z",
      trainedWhere: "job 12",
      environment: { versions: { churnkit: "0.1.0", node: "20.20.0" }, platform: "linux x64" },
    };
    expect(parseLineage(jsonOf(whole))).toEqual(whole);
    expect(parseLineage(jsonOf(lineage))).toEqual(lineage);
  });

  it("refuses anything else", () => {
    for (const wrong of [
      {},
      { ...lineage, parent: 0 },
      { ...lineage, seed: "1" },
      { ...lineage, environment: {} },
      { ...lineage, trainedBy: 7 },
    ]) {
      expect(() => parseLineage(jsonOf(wrong))).toThrow(expect.objectContaining({ code: "BUNDLE_CORRUPT" }) as Error);
    }
  });
});

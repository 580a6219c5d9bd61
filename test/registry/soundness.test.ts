import { rmSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { register as evaluate } from "../../src/cli/commands/evaluate.js";
import { register as registry } from "../../src/cli/commands/registry.js";
import { register as train } from "../../src/cli/commands/train.js";
import { rowFingerprints } from "../../src/data/table/row-fingerprints.js";
import { takeRows } from "../../src/data/table/take-rows.js";
import { syntheticContract, syntheticCustomers } from "../../src/data/synthetic.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import { falsePositives, inFilter, rowFilter } from "../../src/model/training/row-filter.js";
import { parseTrainingFacts, seenRows, trainingExtras } from "../../src/model/training/training-facts.js";
import { evaluateGate } from "../../src/registry/gates/gate.js";
import { parseGate } from "../../src/registry/gates/parse-gate.js";
import { soundVerdict } from "../../src/registry/gates/soundness.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";
import { budget } from "../helpers/budget.js";

const folder = newFolder();
const at = (name: string): string => join(folder, name);
const customers = (seed: number, rows = 400) =>
  tableFromRecords(syntheticContract, syntheticCustomers({ rows, seed }).records);
const features = syntheticContract.columns.filter(({ role }) => role === "feature").map(({ name }) => name);

describe("the filter of training rows", () => {
  const table = customers(1, 300);
  const facts = parseTrainingFacts(trainingExtras(table, undefined)["training"]);

  it("holds every row that was put in, in any order and without the id", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 299 }), { minLength: 1, maxLength: 50 }), (positions) => {
        const { columns, ...part } = takeRows(table, positions);
        const anonymous = {
          ...part,
          columns: new Map([...columns].filter(([name]) => features.includes(name)).reverse()),
        };
        expect([...inFilter(facts.filter, rowFingerprints(anonymous, features))]).toEqual(positions.map(() => 1));
      }),
      { numRuns: budget(50) },
    );
  });

  it("takes few others for them, and stays small, whatever the number of rows", () => {
    const hashes = (rows: number, seed: number) => {
      const draw = (salt: number) =>
        Uint32Array.from(
          { length: rows },
          (_, i) => Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed + salt, 0x85ebca6b) ^ (Math.imul(i, i) >>> 7),
        );
      return { first: draw(1), second: draw(2) };
    };
    for (const rows of [10, 1000, 65_536, 300_000]) {
      const filter = rowFilter([hashes(rows, 5)]);
      expect(filter.bits.length).toBeLessThanOrEqual(2 ** 17);
      expect(inFilter(filter, hashes(rows, 5)).includes(0)).toBe(false);
      const others = inFilter(filter, hashes(200_000, 77)).filter((one) => one >= 0);
      const found = others.reduce((sum, one) => sum + one, 0);
      expect(found).toBeLessThan(others.length * falsePositives + 6 * Math.sqrt(others.length * falsePositives) + 2);
    }
  });

  it("tells rows seen from rows unseen, and doesn't where all rows are alike", () => {
    expect(seenRows(facts, syntheticContract, table)).toMatchObject({ verdict: "seen", checked: 300, seen: 300 });
    expect(seenRows(facts, syntheticContract, customers(2))).toMatchObject({ verdict: "unseen", checked: 400 });
    expect(seenRows(undefined, syntheticContract, table)).toEqual({ verdict: "unknown", checked: 0, seen: 0 });
    const alike = takeRows(
      table,
      Array.from({ length: 300 }, (_, i) => i % 3),
    );
    expect(
      seenRows(parseTrainingFacts(trainingExtras(alike, undefined)["training"]), syntheticContract, alike),
    ).toMatchObject({ verdict: "unknown" });
  });

  it("refuses facts that are none", () => {
    for (const broken of [
      null,
      {},
      { format: 1, rows: 1, share: 1, repeated: 0, bits: "!", leaks: [] },
      { format: 1, rows: 1, share: 1, repeated: 0, bits: "AAAA", leaks: [] },
    ]) {
      expect(() => parseTrainingFacts(broken)).toThrow(expect.objectContaining({ code: "BUNDLE_CORRUPT" }));
    }
  });

  it("is a demand that a gate can make", () => {
    const gate = parseGate({ name: "ours", requirements: [{ requires: "unseenRows" }, { requires: "noLeak" }] });
    expect(
      evaluateGate(gate, { metrics: {}, soundness: soundVerdict(facts, { rows: table }) }).checks.map(
        ({ passed }) => passed,
      ),
    ).toEqual([false, true]);
    expect(evaluateGate(gate, { metrics: {} }).checks[0]).toMatchObject({
      passed: false,
      reason: expect.stringMatching(/^it was not checked/) as string,
    });
    expect(() => parseGate({ name: "ours", requirements: [{ requires: "luck" }] })).toThrow(
      /must be one of unseenRows, noLeak/,
    );
  });
});

describe("registry promote", () => {
  const header = "id,tenure,usage,refund,Churn";
  const line = (i: number): string => {
    const left = (Math.imul(i + 1, 0x9e3779b1) >>> 8) % 100 < ((i * 7919) % 72 < 24 ? 60 : 15);
    return `${i},${(i * 7919) % 72},${((i * 104_729) % 9973) / 10},${left ? 50 + i : 0},${left ? "Yes" : "No"}`;
  };
  const put = (name: string, first: number, count: number): void =>
    writeFileSync(at(name), `${[header, ...Array.from({ length: count }, (_, i) => line(first + i))].join("\n")}\n`);
  const store = ["--store", at("registry"), "--model", "churn"];
  const promote = (...args: string[]): Promise<Ran> => runVerb(registry, ["registry", "promote", ...args, ...store]);
  const fit = async (out: string, ...args: string[]): Promise<void> => {
    await runVerb(train, [
      "train",
      at("old.csv"),
      "--target",
      "Churn",
      "--positive",
      "Yes",
      "--id",
      "id",
      "--learner",
      "logistic",
      "--out",
      at(out),
      ...args,
    ]);
    await runVerb(registry, ["registry", "register", at(out), ...store]);
  };

  beforeAll(async () => {
    put("old.csv", 0, 400);
    put("new.csv", 400, 300);
    writeFileSync(at("gate.json"), JSON.stringify({ name: "loose", requirements: [{ metric: "accuracy", min: 0.1 }] }));
    await fit("sound", "--ignore", "refund");
    await fit("leaky");
  });

  it("refuses rows that the model was trained on, unless told why", async () => {
    const judged = ["--gate", at("gate.json"), "--rows"];
    const refused = await promote("1", ...judged, at("old.csv"));
    expect([refused.code, refused.out]).toEqual([
      1,
      "refused: gate loose + sound: the model was trained on 400 of 400 rows that judge it\n",
    ]);
    expect(refused.err).toMatch(/--allow-seen-rows REASON/);
    expect((await promote("1", ...judged, at("new.csv"))).out).toBe("champion is now version 1\n");
    expect((await promote("1", ...judged, at("old.csv"), "--allow-seen-rows", "a rehearsal")).out).toBe(
      "champion is now version 1\n",
    );
    expect((await runVerb(registry, ["registry", "history", ...store])).out).toMatch(
      /training rows allowed: a rehearsal/,
    );
  });

  it("refuses a model whose column leaks, unless told why", async () => {
    const refused = await promote("2");
    expect([refused.code, refused.out]).toEqual([
      1,
      expect.stringMatching(/^refused: gate sound: Column "refund": it alone nearly predicts "Churn"/),
    ]);
    expect(refused.err).toMatch(/--allow-leak REASON/);
    expect((await promote("2", "--allow-leak", "paid before", "--reason", "spring")).out).toBe(
      "champion is now version 2\n",
    );
    expect((await runVerb(registry, ["registry", "history", ...store])).out).toMatch(
      /spring; leak allowed: paid before/,
    );
  });

  it("holds a bundle of before, which says nothing of its rows, for unknown", () => {
    const manifest = JSON.parse(readFileSync(at("sound/manifest.json"), "utf8")) as { files: { path: string }[] };
    expect(manifest.files.map(({ path }) => path)).toContain("extras/training.json");
    expect(soundVerdict(undefined, { rows: customers(1) })).toMatchObject({
      passed: true,
      checks: [
        { reason: expect.stringMatching(/unknown/) as string },
        { reason: expect.stringMatching(/unknown/) as string },
      ],
    });
  });

  it("evaluate says so too, and leaves such rows out with --unseen", async () => {
    const all = (name: string, ...args: string[]): Promise<Ran> =>
      runVerb(evaluate, ["evaluate", at("sound"), at(name), "--json", ...args]);
    writeFileSync(
      at("both.csv"),
      readFileSync(at("old.csv"), "utf8") + readFileSync(at("new.csv"), "utf8").split("\n").slice(1).join("\n"),
    );
    expect(JSON.parse((await all("both.csv")).out)).toMatchObject({
      trainedOn: { verdict: "seen", checked: 700, seen: 400 },
      notes: [expect.stringMatching(/trained on 400 of 700/)],
    });
    expect(JSON.parse((await all("both.csv", "--unseen")).out)).toMatchObject({
      rows: 300,
      trainedOn: { verdict: "unseen", seen: 0 },
      notes: [],
    });
    await expect(all("old.csv", "--unseen")).rejects.toThrow(/trained on every row/);
    rmSync(at("both.csv"));
  });
});

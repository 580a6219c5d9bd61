import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Artifact, ModelNode, TreesModel } from "../../src/model/artifact.js";
import { calibrate } from "../../src/model/scoring/calibrate.js";
import { compile, modelKinds, type Scorer } from "../../src/model/scoring/compile.js";
import { logit, sigmoid } from "../../src/stats/logistic.js";
import { compileRecipe } from "../../src/data/features/encode.js";
import { initialWeights } from "../../src/model/kinds/network/initial-weights.js";
import { loadKernel } from "../../src/model/kinds/network/kernel.js";
import { createNetworkScorer } from "../../src/model/kinds/network/network-scorer.js";
import { sampleArtifact, sampleContract, sampleRecords, sampleTable } from "../helpers/artifact.js";
import { budget } from "../helpers/budget.js";

describe("compile", () => {
  let artifact: Artifact;
  let scorer: Scorer;
  beforeAll(async () => {
    artifact = await sampleArtifact();
    scorer = await compile(artifact);
  });

  it("averages the members' probabilities and calibrates the mean", async () => {
    const table = sampleTable(20, 5);
    const encoder = compileRecipe(artifact.recipe, artifact.contract);
    const x = encoder.encode(table);
    const members = artifact.model.kind === "ensemble" ? artifact.model.members : [];
    const kernel = await loadKernel();
    const raw = members.map((member) => {
      if (member.kind === "network")
        return Array.from(createNetworkScorer(member.spec, member.weights, kernel).score(x, 20), sigmoid);
      if (member.kind !== "linear") throw new Error("unexpected member");
      return Array.from({ length: 20 }, (_, row) =>
        sigmoid(
          member.weights.reduce((sum, weight, i) => sum + weight * (x[row * encoder.width + i] ?? NaN), member.bias),
        ),
      );
    });
    const expected = Array.from({ length: 20 }, (_, row) =>
      calibrate(artifact.calibration, raw.reduce((sum, one) => sum + (one[row] ?? NaN), 0) / raw.length),
    );
    const scores = scorer.score(table);
    expected.forEach((probability, row) => expect(scores[row]).toBeCloseTo(probability, 12));
    expect(members).toHaveLength(3);
  });

  it("averages networks that share their rows as it does one by one", async () => {
    const networks = artifact.model.kind === "ensemble" ? artifact.model.members.slice(0, 2) : [];
    expect(networks.map(({ kind }) => kind)).toEqual(["network", "network"]);
    const plain = { ...artifact, calibration: { kind: "identity" } as const };
    const table = sampleTable(600, 5);
    const score = async (model: ModelNode) => (await compile({ ...plain, model })).score(table);
    const [one = [], other = []] = await Promise.all(networks.map(score));
    const expected = Float64Array.from(one, (probability, row) => (probability + (other[row] as number)) / 2);
    expect(await score({ kind: "ensemble", members: networks })).toEqual(expected);
  });

  it("averages probabilities or log odds, with weights if there are any", async () => {
    const members = artifact.model.kind === "ensemble" ? artifact.model.members : [];
    const plain = { ...artifact, calibration: { kind: "identity" } as const };
    const table = sampleTable(200, 5);
    const score = async (model: ModelNode) => (await compile({ ...plain, model })).score(table);
    const each = await Promise.all(members.map(score));
    const ensemble = { kind: "ensemble", members } as const;
    const mean = (row: number, weights: readonly number[], of: (p: number) => number): number =>
      each.reduce((sum, one, k) => sum + (weights[k] ?? NaN) * of(one[row] ?? NaN), 0);
    const weights = [0.5, 0.2, 0.3];
    const equal = [1 / 3, 1 / 3, 1 / 3];
    const [mixed, pooled, equallyPooled] = await Promise.all([
      score({ ...ensemble, weights }),
      score({ ...ensemble, weights, average: "logOdds" }),
      score({ ...ensemble, average: "logOdds" }),
    ]);
    for (let row = 0; row < table.rows; row++) {
      expect(mixed[row]).toBeCloseTo(
        mean(row, weights, (p) => p),
        12,
      );
      expect(pooled[row]).toBeCloseTo(sigmoid(mean(row, weights, logit)), 12);
      expect(equallyPooled[row]).toBeCloseTo(sigmoid(mean(row, equal, logit)), 12);
    }
    expect(await score({ ...ensemble, weights: [0, 1, 0] })).toEqual(each[1]);
  });

  it("scores each record by its own features where a member has no hidden layer", async () => {
    const [deep] = artifact.model.kind === "ensemble" ? artifact.model.members : [];
    if (deep?.kind !== "network") throw new Error("no network");
    const spec = { ...deep.spec, hidden: [] };
    const flat: ModelNode = { kind: "network", spec, weights: initialWeights(spec, 3) };
    const mixed = await compile({ ...artifact, model: { kind: "ensemble", members: [flat, deep] } });
    const batch = mixed.score(sampleTable(20, 9));
    const records = sampleRecords(20, 9);
    expect(records.map((record) => mixed.scoreRecord(record).probability)).toEqual([...batch]);
  });

  it("gives a row the same bits alone, in a batch and as a record", () => {
    const rows = 1500;
    const records = sampleRecords(rows, 9);
    const batch = scorer.score(sampleTable(rows, 9));
    const asRecords = scorer.scoreRecords(records);
    for (const row of [0, 1, 31, 255, 256, 1023, 1024, 1499]) {
      const alone = scorer.scoreRecord(records[row]).probability;
      expect(alone).toBe(batch[row]);
      expect(asRecords[row]?.probability).toBe(batch[row]);
    }
  });

  it("scores each record by itself and says what is wrong with the others", () => {
    const [good] = sampleRecords(1, 3);
    const results = scorer.scoreRecords([
      good,
      { ...good, tenure: "twelve" },
      null,
      [],
      7,
      { ...good, tenure: Infinity },
      good,
    ]);
    expect(results.map(({ probability }) => probability !== null)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(results[1]).toMatchObject({
      probability: null,
      label: null,
      issues: [{ column: "tenure", value: "twelve" }],
    });
    expect(results[6]?.probability).toBe(results[0]?.probability);
  });

  it("labels by the threshold", () => {
    for (const { probability, label } of scorer.scoreRecords(sampleRecords(200, 4))) {
      expect(label).toBe((probability ?? 0) >= 0.4 ? "Yes" : "No");
    }
  });

  it("reports what is odd about a record that it scores", () => {
    const [good] = sampleRecords(1, 3);
    const { probability, issues } = scorer.scoreRecord({
      ...good,
      plan: "never seen",
      tenure: 700,
      since: "1999-01-01",
    });
    expect(probability).toBeGreaterThan(0);
    expect(issues.map(({ column, rule, value }) => [column, rule, value])).toEqual([
      ["tenure", "outsideObserved", "700"],
      ["since", "outsideObserved", "1999-01-01"],
      ["plan", "newLevel", "never seen"],
    ]);
    expect(scorer.scoreRecord(good).issues).toEqual([]);
  });

  it("never gives a probability that is not one, whatever the record", () => {
    const value = fc.oneof(
      fc.double(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
      fc.object(),
      fc.bigInt(),
    );
    const record = fc.record(Object.fromEntries(sampleContract.columns.map(({ name }) => [name, value])), {
      requiredKeys: [],
    });
    const [good] = sampleRecords(1, 3);
    fc.assert(
      fc.property(
        fc.oneof(
          record,
          record.map((some) => ({ ...good, ...some })),
          value,
        ),
        (anything) => {
          const { probability, issues } = scorer.scoreRecord(anything);
          if (probability === null) expect(issues.length).toBeGreaterThan(0);
          else expect(probability >= 0 && probability <= 1).toBe(true);
        },
      ),
      { numRuns: budget(300) },
    );
  });

  it("scores an empty table and no records", () => {
    expect(scorer.score({ ...sampleTable(1), rows: 0 }).length).toBe(0);
    expect(scorer.scoreRecords([])).toEqual([]);
  });

  it("refuses a table of other columns", () => {
    const other = { ...sampleTable(2), columns: new Map() };
    expect(() => scorer.score(other)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/INPUT_COLUMNS|CONTRACT_MISMATCH/) as string }) as Error,
    );
  });

  it("refuses a model of another width than its recipe", async () => {
    const model = { kind: "linear", weights: [1, 2], bias: 0 } as const;
    await expect(compile({ ...artifact, model })).rejects.toMatchObject({ code: "CONTRACT_MISMATCH" });
    const members = [...(artifact.model.kind === "ensemble" ? artifact.model.members : []), model];
    await expect(compile({ ...artifact, model: { kind: "ensemble", members } })).rejects.toMatchObject({
      code: "CONTRACT_MISMATCH",
    });
  });

  it("refuses a contract without a target", async () => {
    const contract = { ...artifact.contract, target: undefined };
    await expect(compile({ ...artifact, contract })).rejects.toMatchObject({ code: "CONTRACT_MISMATCH" });
  });

  it("loads no kernel for a linear model", async () => {
    const linear = await sampleArtifact({ networks: 0 });
    const one = await compile(linear, { kernel: new Uint8Array(3) });
    expect(one.score(sampleTable(3))).toHaveLength(3);
    await expect(compile(artifact, { kernel: new Uint8Array(3) })).rejects.toMatchObject({
      code: "KERNEL_UNAVAILABLE",
    });
  });

  it("walks trees where the kernel can't be loaded, to the same scores", async () => {
    const { width } = compileRecipe(artifact.recipe, artifact.contract);
    const model: TreesModel = {
      kind: "trees",
      inputs: width,
      link: "logistic",
      bias: 0.5,
      roots: Uint32Array.of(0),
      features: Int32Array.of(0, -1, -1),
      values: Float32Array.of(0.1, -1, 2),
      right: Uint32Array.of(2, 0, 0),
    };
    const walking = await compile({ ...artifact, model }, { kernel: new Uint8Array(3) });
    const table = sampleTable(50);
    expect(new Set(walking.score(table)).size).toBe(2);
    expect(walking.score(table)).toEqual((await compile({ ...artifact, model })).score(table));
  });

  it("has an entry for every kind", () => {
    expect(Object.keys(modelKinds).sort()).toEqual(["classes", "ensemble", "linear", "network", "trees"]);
  });
});

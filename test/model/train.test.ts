import { beforeAll, describe, expect, it } from "vitest";
import { recordOf } from "../../src/data/table/record-of.js";
import { takeRows } from "../../src/data/table/take-rows.js";
import type { Table } from "../../src/data/table/table.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import type { ModelNode } from "../../src/model/artifact.js";
import { openBundle } from "../../src/model/bundle/open.js";
import { toBundleFiles } from "../../src/model/bundle/format.js";
import { evaluate } from "../../src/model/evaluate/evaluate.js";
import type { Learner, TrainingProgress } from "../../src/model/kinds/learner.js";
import { auto } from "../../src/model/training/auto/learner.js";
import { boosting } from "../../src/model/kinds/trees/boosting-learner.js";
import { forest } from "../../src/model/kinds/trees/forest-learner.js";
import { logistic } from "../../src/model/kinds/linear/learner.js";
import { churnNetwork, churnNetworkSpec } from "../../src/model/kinds/network/learner.js";
import { train } from "../../src/model/training/train.js";
import { customerFeatures, customers } from "../helpers/customers.js";

const table = customers(700);
const later = customers(300, 2);
const firstRows = (): unknown => Array.from({ length: 20 }, (_, i) => recordOf(table, i));
const untouched = firstRows();
const half = (parity: number): Table =>
  takeRows(
    table,
    Array.from({ length: 350 }, (_, i) => 2 * i + parity),
  );

const learners: readonly { name: string; make: () => Learner }[] = [
  { name: "logistic", make: () => logistic() },
  { name: "forest", make: () => forest({ trees: 60 }) },
  { name: "boosting", make: () => boosting({ rounds: 100 }) },
  { name: "auto", make: () => auto({ learners: [logistic(), boosting({ rounds: 100 })] }) },
  { name: "one network", make: () => churnNetwork({ members: 1, epochs: 30, learningRate: 0.005, units: [16, 8] }) },
  { name: "an ensemble", make: () => churnNetwork({ members: 3, epochs: 20, learningRate: 0.005, units: [16, 8] }) },
];

/** What every learner must do, whatever it is. */
describe.each(learners)("$name", ({ make }) => {
  const fit = (rows = table, options: Parameters<typeof train>[2] = {}) =>
    train(customerFeatures, rows, { learner: make(), baseline: false, workers: 1, ...options });
  let model: Awaited<ReturnType<typeof fit>>;
  beforeAll(async () => void (model = await fit()));

  it("learns something, and judges itself on rows it did not see", () => {
    const auc = evaluate(model, later, { bootstrap: false }).values.auc.value ?? 0;
    expect(auc).toBeGreaterThan(0.8);
    expect(model.heldOut.values.auc.value).toBeGreaterThan(0.75);
    expect(Math.abs(auc - (model.heldOut.values.auc.value ?? 0))).toBeLessThan(0.1);
  });

  it("says what it took, apart from what the same training gives again", () => {
    const { seconds, processorSeconds = 0, machine } = model.trainingRun;
    expect(seconds).toBeGreaterThan(0);
    expect(processorSeconds).toBeGreaterThan(0);
    expect(machine).toMatch(/processors?, Node v/);
  });

  it("gives the same model for the same rows and seed, another for another seed", async () => {
    const [again, other] = await Promise.all([fit(), fit(table, { seed: 5 })]);
    expect(again.artifact).toEqual(model.artifact);
    // Logistic regression has no chance in its weights; its held-out folds do depend on the seed.
    expect(other.artifact).not.toEqual(model.artifact);
  });

  it("does not change the table", () => expect(firstRows()).toEqual(untouched));

  it("scores the same after its bundle was written and read", async () => {
    const { scorer } = await openBundle(await toBundleFiles(model.artifact));
    expect(scorer.score(later)).toEqual(model.scorer.score(later));
  });

  it("uses validation rows where they are given", async () => {
    const { heldOut, artifact } = await fit(half(0), { validation: half(1) });
    expect(heldOut.rows).toBe(350);
    expect(artifact.provenance.rows).toEqual({ train: 350, validation: 350 });
  });

  it("refuses one class and too few rows", async () => {
    const positives = Array.from({ length: table.rows }, (_, i) => i).filter(
      (i) => recordOf(table, i)["churn"] === "Yes",
    );
    await expect(fit(takeRows(table, positives))).rejects.toMatchObject({ code: "TARGET_INVALID" });
    await expect(fit(takeRows(table, [0, 1, 2, 3]))).rejects.toMatchObject({
      code: expect.stringMatching(/TOO_FEW_ROWS|TARGET_INVALID/) as string,
    });
  });
});

describe("train", () => {
  it("puts logistic regression beside a network, and nothing beside itself", async () => {
    const options = { learner: churnNetwork({ members: 1, epochs: 1, units: [4] }), workers: 1 };
    const model = await train(customerFeatures, table, options);
    expect(model.baseline?.artifact.model.kind).toBe("linear");
    expect((await train(customerFeatures, table, { learner: logistic() })).baseline).toBeUndefined();
  });

  it("keeps golden rows, a baseline with its own predictions, and where it came from", async () => {
    const { artifact } = await train(customerFeatures, table, { learner: logistic(), seed: 3, gitCommit: "abc" });
    expect(artifact.golden.length).toBeGreaterThan(8);
    expect(artifact.baseline.columns.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["monthlyCharges", "contract", "prediction"]),
    );
    expect(artifact.provenance).toMatchObject({ learner: "logistic", seed: 3, gitCommit: "abc" });
  });

  it("chooses the threshold by the rule it is given", async () => {
    const fit = (threshold: Parameters<typeof train>[2]) =>
      train(customerFeatures, table, { learner: logistic(), ...threshold });
    const cheap = await fit({ threshold: { rule: "cost", costs: { falseNegative: 500, falsePositive: 10 } } });
    const dear = await fit({ threshold: { rule: "cost", costs: { falseNegative: 10, falsePositive: 500 } } });
    expect(cheap.artifact.decision.threshold).toBeLessThan(dear.artifact.decision.threshold);
    expect((await fit({ threshold: { rule: "given", threshold: 0.25 } })).artifact.decision).toEqual({
      rule: "given",
      threshold: 0.25,
    });
  });

  it("weighs the classes when asked", async () => {
    const fit = (classWeights: "none" | "balanced") =>
      churnNetwork({ members: 1, epochs: 20, learningRate: 0.01, units: [8], classWeights }).fit(
        {
          matrix: new Float32Array(400).map((_, i) => Math.sin(i)),
          width: 1,
          labels: Uint8Array.from({ length: 400 }, (_, i) => (i % 10 === 0 ? 1 : 0)),
        },
        undefined,
        { seed: 0 },
      );
    const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [plain, balanced] = [await fit("none"), await fit("balanced")];
    expect(mean(balanced.heldOut.probabilities)).toBeGreaterThan(mean(plain.heldOut.probabilities) + 0.05);
  });
});

describe("checkpoints", () => {
  const learner = () => churnNetwork({ members: 2, epochs: 4, units: [8, 4] });
  const weightsOf = (node: ModelNode): unknown =>
    node.kind === "ensemble" ? node.members.map(weightsOf) : node.kind === "network" ? node.weights : node;

  it("go on to the weights of an uninterrupted training", async () => {
    const whole = await train(customerFeatures, table, { learner: learner(), baseline: false, workers: 1 });
    const store = memoryStore();
    const stop = new AbortController();
    const onProgress = ({ member, epoch }: TrainingProgress): void => {
      if (member === 1 && epoch === 2) stop.abort(new Error("killed"));
    };
    const options = { learner: learner(), baseline: false, workers: 1, checkpoint: store };
    await expect(train(customerFeatures, table, { ...options, onProgress, signal: stop.signal })).rejects.toThrow(
      "killed",
    );
    expect((await store.list("")).length).toBeGreaterThan(0);
    const seen: string[] = [];
    const resumed = await train(customerFeatures, table, {
      ...options,
      onProgress: ({ member, epoch, done }) => seen.push(`${member}:${epoch}:${done}`),
    });
    expect(weightsOf(resumed.artifact.model)).toEqual(weightsOf(whole.artifact.model));
    expect(seen).not.toContain("0:1:false");
  });

  it("of other settings are not taken", async () => {
    const store = memoryStore();
    await train(customerFeatures, table, { learner: learner(), baseline: false, workers: 1, checkpoint: store });
    const first = (await store.list("")).length;
    await train(customerFeatures, table, {
      learner: learner(),
      baseline: false,
      workers: 1,
      seed: 9,
      checkpoint: store,
    });
    expect((await store.list("")).length).toBe(2 * first);
  });

  it("that cannot be read are refused by name", async () => {
    const store = memoryStore();
    const options = { learner: learner(), baseline: false, workers: 1, checkpoint: store };
    await train(customerFeatures, table, options);
    const [{ key } = { key: "" }] = await store.list("");
    const { bytes = new Uint8Array() } = (await store.get(key)) ?? {};
    const text = new TextDecoder("latin1").decode(bytes);
    // A step that is no number, in a header of the same length.
    const stepless = Uint8Array.from(text.replace(/"step":\d/, '"step":"'), (letter) => letter.charCodeAt(0));
    const historyless = Uint8Array.from(text.replace('"history"', '"histore"'), (letter) => letter.charCodeAt(0));
    for (const broken of [Uint8Array.of(1, 2, 3), bytes.subarray(0, -4), stepless, historyless]) {
      await store.put(key, broken);
      await expect(train(customerFeatures, table, options)).rejects.toMatchObject({ code: "CHECKPOINT_MISMATCH" });
    }
  });
});

describe("worker threads", () => {
  it("serve more networks than there are threads, to the same weights (threads once lost their second job)", async () => {
    const options = { learner: churnNetwork({ members: 5, epochs: 2, units: [8, 4] }), baseline: false };
    const [alone, threads] = await Promise.all(
      [1, 2].map((workers) => train(customerFeatures, table, { ...options, workers })),
    );
    expect(threads?.artifact).toEqual(alone?.artifact);
  });
});

describe("options of the churn network", () => {
  it.each([
    { members: 0 },
    { epochs: 1.5 },
    { batchSize: -1 },
    { units: [0] },
    { dropout: [1] },
    { learningRate: 0 },
    { l2: NaN },
    { batchNorm: 1 as unknown as boolean },
  ])("%o is refused", (options) => {
    expect(() => churnNetwork(options)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
  });

  it("batch normalization can be left out", () => {
    const normalized = (options?: { batchNorm: boolean }) =>
      churnNetworkSpec(5, options).hidden.map(({ batchNorm }) => batchNorm);
    expect([normalized(), normalized({ batchNorm: false })]).toEqual([
      [true, true, false],
      [false, false, false],
    ]);
  });
});

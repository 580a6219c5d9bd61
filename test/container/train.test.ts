import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBundle } from "../../src/model/bundle/load.js";
import { metricNames, metrics } from "../../src/model/evaluate/index.js";
import { trainingMetrics } from "../../src/model/training/index.js";
import { ensureBuilt } from "../helpers/built.js";
import { hasShared, sharedPath } from "../helpers/shared.js";
import { contract, csv, filesOf, json, jsonLines, newRoot, put, read, records, run, start } from "./root.js";

beforeAll(ensureBuilt, 200_000);

/** The first 1,500 customers. */
const telco = (): string =>
  readFileSync(sharedPath("data/telco-churn.csv"), "utf8").split("\n").slice(0, 1501).join("\n");
const channel = (mode: string, others: object = {}): object => ({
  TrainingInputMode: mode,
  S3DistributionType: "FullyReplicated",
  RecordWrapperType: "None",
  ...others,
});
const config = "input/config";
const file = channel("File");
const [part1, part2] = [records.slice(0, 200), records.slice(200, 350)];

/** A training job of logistic regression over the synthetic customers. */
const job = (channels: object, hyperparameters: object, files: object) => ({
  [`${config}/inputdataconfig.json`]: { ...channels, contract: file },
  [`${config}/hyperparameters.json`]: {
    learner: "logistic",
    l2: "1",
    seed: "4",
    _tuning_objective_metric: "validation:f1",
    ...hyperparameters,
  },
  "input/data/contract/contract.json": contract,
  ...files,
});
const network = {
  learner: "network",
  l2: "0.001",
  units1: "16",
  units2: "8",
  dropout: "0.2",
  epochs: "12",
  patience: "12",
  members: "1",
};
const bothParts = { "input/data/rows/a.csv": csv(part1), "input/data/rows/b.csv": csv(part2) };

it.skipIf(!hasShared)(
  "trains on a customers' file by hyperparameters alone, and leaves bundle, report, evaluation and metrics",
  async () => {
    const root = newRoot({
      [`${config}/inputdataconfig.json`]: { train: file },
      [`${config}/hyperparameters.json`]: {
        learner: "logistic",
        l2: "1",
        target: "Churn",
        positive: "Yes",
        id: "customerID",
      },
      "input/data/train/telco.csv": telco(),
    });
    const { code, out, err } = await run(root, "train");
    expect(code, err).toBe(0);
    const report = json<{ rows: number; positives: number; f1: number; values: Record<string, { value: number }> }>(
      root,
      "output/data/report.json",
    );
    expect(report.rows).toBe(1500);
    const found = trainingMetrics.flatMap(({ name, regex }): [string, number][] => {
      const value = new RegExp(regex).exec(out)?.[1];
      return value === undefined ? [] : [[name, Number(value)]];
    });
    expect(found.map(([name]) => name)).toEqual(
      metricNames.filter((name) => metrics[name].needs !== "costs").map((name) => `validation:${name}`),
    );
    expect(Object.fromEntries(found)["validation:f1"]).toBeCloseTo(report.f1, 6);
    const { binary_classification_metrics: evaluated, dataset } = json<{
      binary_classification_metrics: Record<string, { value: number; standard_deviation: number }>;
      dataset: object;
    }>(root, "output/data/evaluation.json");
    expect(evaluated["f1"]?.value).toBe(report.f1);
    expect(evaluated["auc"]?.standard_deviation).toBeGreaterThan(0.001);
    const counted = evaluated["confusion_matrix"] as unknown as Record<string, Record<string, number>>;
    const [tn = 0, fp = 0, fn = 0, tp = 0] = ["0", "1"].flatMap((a) => ["0", "1"].map((b) => counted[a]?.[b] ?? 0));
    expect([tn + fp + fn + tp, fn + tp]).toEqual([report.rows, report.positives]);
    expect((2 * tp) / (2 * tp + fp + fn)).toBeCloseTo(report.f1, 12);
    expect(dataset).toMatchObject({ item_count: 1500 });
    const { artifact } = await loadBundle(join(root, "model"));
    expect(artifact.contract.target).toMatchObject({ column: "Churn", positive: "Yes" });
    expect(artifact.provenance.rows.train).toBe(1500);
  },
);

it("gives the same model from files, from other files in FastFile mode and from a pipe", async () => {
  const roots = [
    newRoot(job({ rows: file }, {}, bothParts)),
    newRoot(
      job(
        { rows: channel("FastFile", { ContentType: "application/jsonlines" }) },
        {},
        {
          "input/data/rows/a/part-0000": jsonLines(part1),
          "input/data/rows/part-0001.jsonl": jsonLines(part2),
          "input/data/rows/_SUCCESS": "",
        },
      ),
    ),
    newRoot(job({ rows: channel("Pipe", { ContentType: "text/csv" }) }, {}, {})),
  ] as const;
  mkdirSync(join(roots[2], "input/data"), { recursive: true });
  const pipe = join(roots[2], "input/data/rows_0");
  spawnSync("mkfifo", [pipe]);
  // SageMaker sends one object after the other, headers and all.
  put(roots[2], { "a.csv": csv(part1), "b.csv": csv(part2) });
  spawn("sh", ["-c", `cat a.csv b.csv > "${pipe}"`], { cwd: roots[2] });
  const ended = await Promise.all(roots.map((root) => run(root, "train")));
  expect(ended.map(({ code, err }) => (code === 0 ? "" : err))).toEqual(["", "", ""]);
  const [first, ...others] = roots.map((root) => filesOf(join(root, "model")));
  expect(first?.size).toBeGreaterThan(5);
  for (const other of others) expect(other).toEqual(first);
});

describe.each([1, 2])("a spot interruption of %i network(s)", (members) => {
  it("leaves a checkpoint and no model, and the next run ends with the model of an uninterrupted one", async () => {
    const given = job(
      { rows: file },
      // So many that the signal arrives before the last.
      { ...network, members: String(members), epochs: "250" },
      { ...bothParts, "checkpoints/.keep": "" },
    );
    const [whole, cut] = [newRoot(given), newRoot(given)];
    const first = start(cut, ["train"]);
    await first.said(/network 1 of \d, epoch 4 of/);
    first.child.kill("SIGTERM");
    const interrupted = await first.ended;
    expect(interrupted.code, interrupted.err).toBe(143);
    expect(interrupted.err).toContain("interrupted");
    expect([...filesOf(join(cut, "model")).keys(), ...filesOf(join(cut, "output")).keys()]).toEqual([]);
    const [resumed, uninterrupted] = [await run(cut, "train"), await run(whole, "train")];
    expect([resumed.code, uninterrupted.code], resumed.err).toEqual([0, 0]);
    const begin = `network 1 of ${members}, epoch 1 of 250`;
    expect(uninterrupted.out).toContain(begin);
    expect(resumed.out).not.toContain(begin);
    expect(filesOf(join(cut, "model"))).toEqual(filesOf(join(whole, "model")));
  });
});

it("keeps the checkpoints of a tuning's jobs apart, which all have one folder", async () => {
  const tuned = { ...network, members: "1", epochs: "250", _tuning_objective_metric: "validation:auc" };
  const root = newRoot(job({ rows: file }, tuned, { ...bothParts, "checkpoints/.keep": "" }));
  const first = start(root, ["train"], { TRAINING_JOB_NAME: "tune-007" });
  await first.said(/network 1 of 1, epoch 2 of/);
  first.child.kill("SIGTERM");
  await first.ended;
  const [keep, ...states] = [...filesOf(join(root, "checkpoints")).keys()];
  expect(keep).toBe(".keep");
  expect(states.length).toBeGreaterThan(0);
  for (const path of states) expect(path).toMatch(/^tune-007\//);
});

describe("a job that cannot be done", () => {
  const failure = async (root: string): Promise<string> => {
    const { code, err, out } = await run(root, "train");
    expect([code, out], err).toEqual([1, ""]);
    const reason = read(root, "output/failure");
    expect(reason.length).toBeLessThanOrEqual(1024);
    expect(err).not.toMatch(/^\s+at /m);
    expect([...filesOf(join(root, "model")).keys()]).toEqual([]);
    return reason;
  };

  it.each([
    ["an unknown hyperparameter", { learningrate: "0.1" }, /no hyperparameter "learningrate".*\[OPTION_INVALID\]/],
    ["a wrong one", { ...network, dropout: "1.5" }, /dropout .*\[0, 1\)/],
  ])("names %s", async (_, hyperparameters, reason) => {
    expect(await failure(newRoot(job({ rows: file }, hyperparameters, bothParts)))).toMatch(reason);
  });

  it("names a channel without a use, one without files, and one that is only a part", async () => {
    const [unknown, empty] = [job({ rows: file, test: file }, {}, bothParts), job({ rows: file }, {}, {})];
    expect(await failure(newRoot(unknown))).toMatch(/channel "test" has no use.*rows, train, validation/);
    expect(await failure(newRoot(empty))).toMatch(/channel rows has no files in .*input\/data\/rows/);
    const sharded = newRoot(job({ rows: channel("File", { S3DistributionType: "ShardedByS3Key" }) }, {}, bothParts));
    put(sharded, { [`${config}/resourceconfig.json`]: { current_host: "algo-2", hosts: ["algo-1", "algo-2"] } });
    expect(await failure(sharded)).toMatch(/channel rows is ShardedByS3Key over 2 hosts/);
  });

  it("refuses to describe rows that have a contract", async () => {
    const told = { target: "churn", id: "customerId" };
    expect(await failure(newRoot(job({ rows: file }, told, bothParts)))).toMatch(
      /have a contract, so target, id would/,
    );
  });

  it("says which row of which file breaks the form", async () => {
    const broken = { ...bothParts, "input/data/rows/c.csv": `${csv(part2)}a,b\n` };
    expect(await failure(newRoot(job({ rows: file }, {}, broken)))).toMatch(/rows\/c\.csv.*row 150/);
  });

  it("says that the model's disk takes nothing, before it trains", async () => {
    const root = newRoot(job({ rows: file }, {}, { ...bothParts, model: "a file" }));
    const { code } = await run(root, "train");
    expect([code, read(root, "model")]).toEqual([1, "a file"]);
    expect(read(root, "output/failure")).toMatch(/Cannot .*model.*use another path/);
  });

  it("leaves no half of a bundle on a full disk", async (context) => {
    const root = newRoot(job({ rows: file }, {}, bothParts));
    const model = join(root, "model");
    mkdirSync(model);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=40k", "tmpfs", model]).status !== 0) context.skip();
    try {
      const { code } = await run(root, "train");
      expect([code, [...filesOf(model).keys()]]).toEqual([1, []]);
      expect(read(root, "output/failure")).toMatch(/model\/.*disk is full.*\[IO_FAILED\]/);
    } finally {
      spawnSync("umount", [model]);
    }
  });
});

it("ends at SIGTERM while it waits for a pipe that nobody fills", async () => {
  const root = newRoot(job({ rows: channel("Pipe") }, {}, {}));
  spawnSync("mkfifo", [join(root, "input/data/rows_0")]);
  const { child, ended } = start(root, ["train"]);
  // The model's folder is made when the pipe comes next.
  while (!existsSync(join(root, "model"))) await sleep(20);
  child.kill("SIGTERM");
  expect((await ended).code).toBe(143);
});

it("trains on the first of two hosts; the other leaves", async () => {
  const ran = await Promise.all(
    ["algo-1", "algo-2"].map(async (current) => {
      const root = newRoot(job({ rows: file }, {}, bothParts));
      put(root, { [`${config}/resourceconfig.json`]: { current_host: current, hosts: ["algo-2", "algo-1"] } });
      const { code, err } = await run(root, "train");
      return { code, err, files: filesOf(join(root, "model")).size };
    }),
  );
  expect(ran.map(({ code }) => code)).toEqual([0, 0]);
  expect(ran[0]?.files).toBeGreaterThan(5);
  expect(ran[1]).toMatchObject({ files: 0, err: expect.stringContaining("algo-1 trains") as string });
});

it("stops on validation rows, uses prepared features and replaces the bundle of an earlier run", async () => {
  const features = {
    format: 1,
    contract: JSON.parse(contract) as object,
    numeric: "standard",
    derived: [],
    policies: [],
  };
  const root = newRoot(
    job(
      { rows: file, validation: file, features: file },
      {},
      {
        "input/data/rows/a.csv": csv(part1),
        "input/data/validation/b.csv": csv(part2),
        "input/data/features/features.json": features,
        "model/mine.txt": "mine",
      },
    ),
  );
  const first = await run(root, "train");
  expect(first.code, first.err).toBe(0);
  put(root, { [`${config}/hyperparameters.json`]: { learner: "logistic", seed: "4", l2: "3" } });
  const before = read(root, "model/manifest.json");
  expect((await run(root, "train")).code).toBe(0);
  expect(read(root, "model/manifest.json")).not.toBe(before);
  expect(read(root, "model/mine.txt")).toBe("mine");
  expect(json<{ rows: object }>(root, "model/provenance.json").rows).toEqual({ train: 200, validation: 150 });
  expect(json<{ rows: number }>(root, "output/data/report.json").rows).toBe(150);
});

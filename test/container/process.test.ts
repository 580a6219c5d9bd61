import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { beforeAll, describe, expect, it } from "vitest";
import { runContainer } from "../../src/container/run-container.js";
import { jobs } from "../../src/jobs/standard/jobs.js";
import { loadBundle } from "../../src/model/bundle/load.js";
import { ensureBuilt } from "../helpers/built.js";
import { contract, csv, filesOf, json, jsonLines, newRoot, put, read, records, run } from "./root.js";

const input = "processing/input";
const output = "processing/output";

/** Runs a job in this process; what it says comes back. */
async function process(
  root: string,
  job: string,
  params: object = {},
  env = {},
): Promise<{ code: number; err: string }> {
  let err = "";
  const stderr = { write: (text: string) => (err += text) };
  const code = await runContainer(["process", job, "--params", JSON.stringify(params)], { root, env, stderr });
  return { code, err };
}

/** Runs a job that has to succeed, in a new root with these input files. */
async function done(job: string, files: Readonly<Record<string, unknown>>, params: object = {}): Promise<string> {
  const root = newRoot(Object.fromEntries(Object.entries(files).map(([path, file]) => [`${input}/${path}`, file])));
  const { code, err } = await process(root, job, params);
  expect(code, err).toBe(0);
  return root;
}

const names = (root: string): string[] => [...filesOf(join(root, output)).keys()];
const bytes = (root: string, path: string): Buffer => readFileSync(join(root, output, path));

/** Made once, by the chain: the outputs of each step, as the next one takes them. */
let chain: { readonly root: string; readonly model: Buffer; readonly rows: Buffer; readonly test: Buffer };
const logistic = { learner: "logistic", options: { l2: 1 } };

beforeAll(async () => {
  await ensureBuilt();
  const root = newRoot({
    [`ingest/${input}/file/a.csv`]: csv(records.slice(0, 300)),
    [`ingest/${input}/file/b.csv`]: csv(records.slice(300)),
  });
  const step = async (name: string, job: string, params: object, inputs: Readonly<Record<string, string>>) => {
    for (const [to, from] of Object.entries(inputs)) {
      const folder = join(root, name, input, to);
      mkdirSync(dirname(folder), { recursive: true });
      cpSync(join(root, from), folder, { recursive: true });
    }
    const { code, err } = await run(join(root, name), "process", job, "--params", JSON.stringify(params));
    expect(code, err).toBe(0);
  };
  await step("ingest", "ingest", { target: "churn", positive: "Yes", id: ["customerId"] }, {});
  await step("split", "split", { test: 0.3 }, { rows: `ingest/${output}/rows` });
  await step("train", "train", logistic, { rows: `split/${output}/train` });
  await step("evaluate", "evaluate", {}, { model: `train/${output}/model`, rows: `split/${output}/test` });
  chain = {
    root,
    model: readFileSync(join(root, "train", output, "model/model.tar.gz")),
    rows: readFileSync(join(root, "ingest", output, "rows/rows.table")),
    test: readFileSync(join(root, "split", output, "test/test.table")),
  };
}, 200_000);

describe("a chain of jobs by their folders", () => {
  it("ends with an evaluation, in our form and in SageMaker's", () => {
    const report = json<{ rows: number; auc: number; accuracy: number }>(
      chain.root,
      `evaluate/${output}/report/report.json`,
    );
    expect(report.rows).toBe(180);
    expect(report.auc).toBeGreaterThan(0.6);
    const evaluation = json<Record<string, Record<string, object>>>(
      chain.root,
      `evaluate/${output}/report/evaluation.json`,
    );
    expect(evaluation["binary_classification_metrics"]?.["accuracy"]).toMatchObject({ value: report.accuracy });
    expect(evaluation["binary_classification_metrics"]?.["auc"]).toMatchObject({ value: report.auc });
    expect(evaluation["dataset"]).toEqual({ item_count: 180, positive_count: expect.any(Number) as number });
  });

  it("reads several files as one table", () => {
    expect(json<{ rows: number }>(chain.root, `ingest/${output}/quality/quality.json`).rows).toBe(600);
  });
});

describe("each job of the table", () => {
  it("is known, but for those that need a registry", async () => {
    const refused = await process(newRoot({}), "register");
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("needs a registry") as string });
    const { err } = await process(newRoot({}), "no-such-job");
    for (const { name, effect } of jobs.values()) expect(err.includes(name)).toBe(effect === undefined);
  });

  it("features, then tune with them", async () => {
    const made = await done("features", { "rows/rows.table": chain.rows }, { numeric: "standard" });
    expect(names(made)).toEqual(["features/features.json"]);
    const tuned = await done(
      "tune",
      { "rows/rows.table": chain.rows, "features/features.json": bytes(made, "features/features.json") },
      { learners: [logistic], folds: 2 },
    );
    expect(names(tuned)).toEqual([
      "model/model.tar.gz",
      "report/evaluation.json",
      "report/report.json",
      "trials/trials.json",
    ]);
  });

  it("score, of CSV without labels, by the contract of a bundle that SageMaker packed", async () => {
    const root = newRoot({ "bundle.tar.gz": chain.model });
    for (const folder of ["unpacked", "packed"]) mkdirSync(join(root, folder));
    const tar = (...words: string[]) => expect(spawnSync("tar", words, { cwd: root }).status).toBe(0);
    tar("-xzf", "bundle.tar.gz", "-C", "unpacked");
    tar("-czf", "packed/model.tar.gz", "-C", "unpacked", ".");
    const rows = {
      "rows/a.csv": csv(records.slice(0, 2).map((record) => ({ ...record, churn: "" }))),
      "rows/b.jsonl": jsonLines(records.slice(2, 5)),
    };
    const scored = await done("score", {
      ...rows,
      "model/model.tar.gz": readFileSync(join(root, "packed/model.tar.gz")),
    });
    const lines = bytes(scored, "scores/scores.csv").toString().trim().split("\n");
    expect(lines).toHaveLength(6);
    const { scorer } = await loadBundle(chain.model);
    const probability = Number(lines[3]?.split(",")[2]);
    expect(probability).toBe(scorer.scoreRecord(records[2]).probability);
  });

  it("score, of the same rows in any form the same", async () => {
    const few = records.slice(0, 20) as unknown as readonly Readonly<Record<string, unknown>>[];
    const typeOf = (name: string) =>
      ({ number: "DOUBLE", boolean: "BOOLEAN" } as const)[typeof few[0]?.[name] as "number"] ?? "STRING";
    const columnData = Object.keys(few[0] ?? {}).map((name) => ({
      name,
      data: few.map((record) => record[name] ?? null),
      type: typeOf(name),
    }));
    const model = { "model/model.tar.gz": chain.model };
    const ingested = await done("ingest", { "file/a.csv": csv(few), ...model });
    const forms = {
      "rows/rows.table": bytes(ingested, "rows/rows.table"),
      "rows/rows.csv": csv(few),
      "rows/rows.jsonl.gz": gzipSync(jsonLines(few)),
      "rows/rows.parquet": new Uint8Array(parquetWriteBuffer({ columnData })),
    };
    const scores: string[] = [];
    for (const [path, content] of Object.entries(forms))
      scores.push(bytes(await done("score", { [path]: content, ...model }), "scores/scores.csv").toString());
    expect(scores[0]?.split("\n")).toHaveLength(22);
    expect(new Set(scores).size).toBe(1);
  });

  it("evaluate, of CSV by a contract of its own and of a bundle that is a folder", async () => {
    const root = newRoot({ "bundle.tar.gz": chain.model });
    mkdirSync(join(root, input, "model"), { recursive: true });
    spawnSync("tar", ["-xzf", "bundle.tar.gz", "-C", `${input}/model`], { cwd: root });
    put(root, {
      [`${input}/rows/rows.csv`]: csv(records),
      [`${input}/contract/c.json`]: read(root, `${input}/model/contract.json`),
    });
    const { code, err } = await process(root, "evaluate");
    expect(code, err).toBe(0);
    expect(json<{ rows: number }>(root, `${output}/report/report.json`).rows).toBe(600);
  });

  it("monitor, then retrain-decision on its report", async () => {
    const watched = await done("monitor", { "captured/a.jsonl": captured(0, 60), "model/model.tar.gz": chain.model });
    const report = json<{ read: { predictions: number } }>(watched, `${output}/report/report.json`);
    expect(report.read.predictions).toBe(60);
    expect(names(watched)).toEqual([
      "constraints/constraints.json",
      "report/report.json",
      "state/state.json",
      "statistics/statistics.json",
      "violations/constraint_violations.json",
    ]);
    const decided = await done("retrain-decision", { "report/report.json": bytes(watched, "report/report.json") });
    expect(json(decided, `${output}/decision/decision.json`)).toHaveProperty("retrain");
    expect(names(decided)).toEqual(["decision/decision.json", "state/state.json"]);
  });
});

/** Captured predictions as SageMaker writes them. */
function captured(from: number, to: number): string {
  const lines = records.slice(from, to).map((record, i) => ({
    captureData: {
      endpointInput: {
        observedContentType: "application/json",
        mode: "INPUT",
        data: JSON.stringify(record),
        encoding: "JSON",
      },
      endpointOutput: { observedContentType: "text/csv", mode: "OUTPUT", data: "0.3", encoding: "CSV" },
    },
    eventMetadata: { eventId: `p${from + i}`, inferenceTime: "2026-02-01T00:10:00Z" },
    eventVersion: "0",
  }));
  return jsonLines(lines);
}

describe("several hosts", () => {
  const hosts = ["algo-1", "algo-2"];
  /** Runs a job on each of two hosts; the inputs in `parts` are its own, the others all hosts have. */
  const onTwo = (job: string, params: object, files: object, parts: readonly Record<string, unknown>[]) =>
    Promise.all(
      hosts.map(async (current, i) => {
        const own = parts[i] ?? {};
        const root = newRoot({ "config/resourceconfig.json": { current_host: current, hosts } });
        const given = { ...files, ...own };
        const inParts = new Set(parts.flatMap((part) => Object.keys(part)).map((path) => path.split("/")[0]));
        const folders = [
          ...new Set(
            [...Object.keys(given), ...parts.flatMap((part) => Object.keys(part))].map(
              (path) => path.split("/")[0] ?? "",
            ),
          ),
        ];
        put(root, Object.fromEntries(Object.entries(given).map(([path, file]) => [`${input}/${path}`, file])));
        put(root, {
          "config/processingjobconfig.json": {
            ProcessingInputs: folders.map((folder) => ({
              S3Input: {
                LocalPath: join(root, input, folder),
                S3DataDistributionType: inParts.has(folder) ? "ShardedByS3Key" : "FullyReplicated",
              },
            })),
          },
        });
        return { root, ...(await process(root, job, params)) };
      }),
    );
  const model = () => ({ "model/model.tar.gz": chain.model });

  it("score each their part, and name their output", async () => {
    const ran = await onTwo("score", {}, model(), [
      { "rows/a.csv": csv(records.slice(0, 10)) },
      { "rows/b.csv": csv(records.slice(10, 15)) },
    ]);
    expect(ran.map(({ code, root }) => [code, names(root)])).toEqual(
      hosts.map((name) => [0, [`scores/scores-${name}.csv`]]),
    );
  });

  it("leave the work to the first if all have all, and have none where there are fewer objects than hosts", async () => {
    const whole = await onTwo("score", {}, { ...model(), "rows/a.csv": csv(records.slice(0, 10)) }, []);
    expect(whole.map(({ code, root }) => [code, names(root)])).toEqual([
      [0, ["scores/scores.csv"]],
      [0, []],
    ]);
    const fewer = await onTwo("score", {}, model(), [{ "rows/a.csv": csv(records.slice(0, 10)) }, {}]);
    expect(fewer.map(({ code, root }) => [code, names(root)])).toEqual([
      [0, ["scores/scores-algo-1.csv"]],
      [0, []],
    ]);
  });

  it("refuse a job that needs all rows, and contracts that would differ", async () => {
    const rows = [{ "rows/a.csv": csv(records.slice(0, 300)) }, { "rows/b.csv": csv(records.slice(300)) }];
    const evaluated = await onTwo("evaluate", {}, model(), rows);
    for (const { code, err } of evaluated)
      expect([code, err]).toEqual([1, expect.stringContaining("part of the input rows")]);
    const files = [{ "file/a.csv": csv(records.slice(0, 300)) }, { "file/b.csv": csv(records.slice(300)) }];
    for (const { err } of await onTwo("ingest", {}, {}, files)) expect(err).toContain("would infer another contract");
    const read = await onTwo("ingest", {}, { "contract/c.json": contract }, files);
    expect(names(read[1]?.root ?? "")).toEqual(["quality/quality-algo-2.json", "rows/rows-algo-2.table"]);
  });

  it("count captured data in parts, and one host merges", async () => {
    const parts = [{ "captured/a.jsonl": captured(0, 20) }, { "captured/b.jsonl": captured(20, 60) }];
    const counted = await onTwo("monitor", {}, model(), parts);
    const states = counted.map(({ root }, i) => bytes(root, `state/state-${hosts[i] ?? ""}.json`));
    const merged = await done("monitor", { ...model(), "state/a.json": states[0], "state/b.json": states[1] });
    const alone = await done("monitor", { ...model(), "captured/a.jsonl": captured(0, 60) });
    expect(bytes(merged, "statistics/statistics.json")).toEqual(bytes(alone, "statistics/statistics.json"));
  });
});

describe("a job that cannot be done", () => {
  const few = csv(records.slice(0, 3));
  it.each([
    ["split", {}, {}, /needs the input rows: .*input\/rows has no file.*\[INPUT_EMPTY\]/],
    ["split", { "row/a.csv": "a" }, {}, /no input row, .*takes rows, contract/],
    ["split", { "rows/a.csv": few }, {}, /bring no contract.*input contract/],
    ["split", { "rows/a.csv": few }, { tests: 1 }, /params of the job split .*unknown member "tests"/],
    ["train", { "rows/a.csv": few }, { learner: "logistic", options: { c: 1 } }, /no option "c"/],
    ["monitor", { "captured/a.jsonl": "" }, { look: "sequential" }, /looks "once"/],
    ["ingest", { "file/a.csv": "a,b\n1,2\n", "file/b.csv": "b,a\n1,2\n" }, {}, /b\.csv has another header than a\.csv/],
    [
      "ingest",
      { "file/part-0": "a,b\n1,2\n", "file/part-1": "b,a\n1,2\n" },
      {},
      /part-1 has another header than part-0/,
    ],
    ["evaluate", { "model/a.tar.gz": "", "model/b.tar.gz": "" }, {}, /holds a\.tar\.gz and b\.tar\.gz/],
  ] as const)("%s: case %# says what to do, where SageMaker looks for it", async (job, files, params, reason) => {
    const root = newRoot(Object.fromEntries(Object.entries(files).map(([path, file]) => [`${input}/${path}`, file])));
    expect(await process(root, job, params)).toMatchObject({ code: 1 });
    expect(read(root, "output/message")).toMatch(reason);
    expect(names(root)).toEqual([]);
  });

  it("takes params in pieces or from the environment", async () => {
    const root = newRoot({ [`${input}/rows/rows.table`]: chain.rows });
    const pieces = ["process", "split", "--params", '{"test":', "--params", "0.5}"];
    expect(await runContainer(pieces, { root, stderr: { write: () => true } })).toBe(0);
    const half = bytes(root, "test/test.table");
    const env = { CHURNKIT_PARAMS: '{"test":0.5}', CHURNKIT_ROOT: root };
    put(root, { [`${output}/test/test.table`]: "" });
    expect(await runContainer(["process", "split"], { env, stderr: { write: () => true } })).toBe(0);
    expect(bytes(root, "test/test.table")).toEqual(half);
  });

  it("ends at SIGTERM without a half of its outputs", async () => {
    const root = newRoot({ [`${input}/rows/rows.table`]: chain.rows });
    const ending = new AbortController();
    const ran = runContainer(
      ["process", "tune", "--params", JSON.stringify({ learners: [logistic, { learner: "forest" }] })],
      {
        root,
        signal: ending.signal,
        stderr: { write: () => true },
      },
    );
    setTimeout(() => ending.abort(), 10);
    expect(await ran).toBe(143);
    expect(names(root)).toEqual([]);
  });

  it.each([[[]], [["deploy"]], [["train", "now"]], [["process"]], [["serve", "--port", "1"]]])(
    "%j asks for nothing",
    async (words) => {
      let err = "";
      const stderr = { write: (text: string) => (err += text) };
      expect(await runContainer(words, { root: newRoot({}), env: {}, stderr })).toBe(1);
      expect(err).toContain("Usage: churnkit-container");
      expect(err).not.toContain("positional");
    },
  );

  it("prints its usage if it is asked", async () => {
    let out = "";
    const stdout = { write: (text: string) => (out += text) };
    expect(await runContainer(["train", "--help"], { stdout })).toBe(0);
    expect(out).toMatch(/^Usage: churnkit-container/);
  });
});

import { describe, expect, it } from "vitest";
import { tableFromRecords } from "../../src/data/read/records.js";
import type { Artifact } from "../../src/model/artifact.js";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { evaluateClasses } from "../../src/model/evaluate/evaluate-classes.js";
import { evaluate } from "../../src/model/evaluate/evaluate.js";
import type { Contract } from "../../src/data/contract/contract.js";
import { contractHash } from "../../src/data/contract/contract-hash.js";
import { gates } from "../../src/registry/gates/gates.js";
import { evaluateGate, type Gate } from "../../src/registry/gates/gate.js";
import { judgeOnRows } from "../../src/registry/gates/judge.js";
import { segmentOf } from "../../src/registry/gates/segments.js";
import { sampleArtifact, sampleContract, sampleRecords, sampleTable } from "../helpers/artifact.js";
import { planContract, planModel, planRecords, plans } from "../helpers/plans.js";

const bootstrap = { resamples: 100 };
const rows = sampleTable(300, 9);

/** The scorer of the artifact under another contract, for which its recipe is as good. */
async function under(artifact: Artifact, contract: Contract): Promise<Scorer> {
  return compile({ ...artifact, contract, recipe: { ...artifact.recipe, contractHash: contractHash(contract) } });
}
const withColumn = (name: string, changes: object): Contract => ({
  ...sampleContract,
  columns: sampleContract.columns.map((column) => (column.name === name ? { ...column, ...changes } : column)),
});

describe("judgeOnRows", async () => {
  const artifact = await sampleArtifact({ networks: 0 });
  const candidate = await compile(artifact);
  const champion = await compile(await sampleArtifact({ networks: 0, seed: 2 }));

  it("evaluates every gate on the same rows", () => {
    const judged = judgeOnRows({ candidate, champion, rows, gates: [gates.basic, gates.champion], bootstrap });
    expect(judged.verdicts.map(({ gate }) => gate)).toEqual(["basic", "champion"]);
    expect(judged.passed).toBe(judged.verdicts.every(({ passed }) => passed));
    expect(judged.metrics.values).toEqual(evaluate({ scorer: candidate }, rows, { bootstrap }).values);
    expect(judged.verdicts[0]?.checks[0]?.observed).toBe(judged.metrics.values.accuracy.value);
    const relative = judged.verdicts[1]?.checks[0];
    expect(relative?.rival).toBe(evaluate({ scorer: champion }, rows, { bootstrap: false }).values.auc.value);
    expect(relative?.rows).toBe(300);
    expect(judged.measures).toEqual({});
    expect(JSON.parse(JSON.stringify(judged))).toEqual(judged);
    expect(judgeOnRows({ candidate, champion, rows, gates: [gates.basic, gates.champion], bootstrap })).toEqual(judged);
  });

  it("lets the first champion pass", () => {
    expect(judgeOnRows({ candidate, rows, gates: [gates.champion], bootstrap }).passed).toBe(true);
  });

  it("groups rows by columns, and by levels that are given", () => {
    const gate: Gate = {
      name: "groups",
      requirements: ["plan", "paperless", "tenure", "coast"].map((perSegment) => ({
        metric: "logLoss",
        notWorseThan: "champion",
        margin: 5,
        perSegment,
        minRows: 30,
      })),
    };
    const coast = Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? "east" : "west"));
    const [verdict] = judgeOnRows({
      candidate,
      champion,
      rows,
      gates: [gate],
      bootstrap,
      segments: new Map([["coast", coast]]),
    }).verdicts;
    const levels = verdict?.checks.map(({ groups }) => groups?.map(({ level }) => level));
    expect(levels?.[0]).toEqual(["basic", "plus", "toString", null]);
    expect(levels?.[1]).toEqual(["false", "true"]);
    expect(levels?.[2]).toHaveLength(4);
    expect(levels?.[3]).toEqual(["east", "west"]);
    expect(verdict?.passed).toBe(true);
  });

  it("measures latency by the clock it is given, and only where a gate asks", () => {
    let time = 0;
    let calls = 0;
    // Each score takes 1, 2, 3, ... ms by this clock: the median of 5 is 3, of 4 it is 2.5.
    const clock = (): number => (time += calls++ % 2 === 0 ? 0 : (calls / 2) | 0);
    const limits: Gate = {
      name: "limits",
      requirements: [
        { measure: "latencyMs", max: 3 },
        { measure: "bundleBytes", max: 10 },
      ],
    };
    const judged = (records: number) => {
      time = calls = 0;
      return judgeOnRows({ candidate, rows, gates: [limits], bootstrap, latency: { records, clock }, bundleBytes: 10 });
    };
    expect(judged(5)).toMatchObject({ passed: true, measures: { latencyMs: 3, bundleBytes: 10 } });
    expect(judged(4).measures.latencyMs).toBe(2.5);
    expect(judged(7)).toMatchObject({ passed: false, measures: { latencyMs: 4 } });
    expect(() => judged(0)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
    judgeOnRows({
      candidate,
      rows,
      gates: [gates.basic],
      bootstrap,
      latency: { clock: () => expect.unreachable("the clock was read") },
    });
    expect(
      judgeOnRows({ candidate, rows, gates: [limits], bootstrap, latency: { clock } }).verdicts[0]?.checks[1],
    ).toMatchObject({ passed: false, observed: null });
    expect(judgeOnRows({ candidate, rows, gates: [limits], bootstrap }).measures.latencyMs).toBeGreaterThan(0);
  });

  it("compares with a champion of another contract, on the rows that it takes", async () => {
    const gate: Gate = { name: "near", requirements: [{ metric: "logLoss", notWorseThan: "champion", margin: 5 }] };
    const check = async (contract: Contract) =>
      judgeOnRows({ candidate, champion: await under(artifact, contract), rows, gates: [gate], bootstrap }).verdicts[0]
        ?.checks[0];
    // Levels that another training learned.
    const older = await check(withColumn("plan", { levels: ["basic", "plus", "toString", "gone"] }));
    expect(older).toMatchObject({ passed: true, rows: 300, improvement: { value: 0 } });
    const strict = await check(withColumn("tenure", { unit: "months", max: 50 }));
    const taken = sampleRecords(300, 9).filter(({ tenure }) => Number(tenure) <= 50).length;
    expect(strict).toMatchObject({ passed: true, rows: taken });
    expect(strict?.reason).toContain(`; ${300 - taken} rows that the champion cannot score are left out`);
    const other = await check({
      ...withColumn("churned", {}),
      target: { column: "churned", classes: ["No", "Yes"], positive: "No" },
    });
    expect(other).toMatchObject({
      passed: false,
      reason:
        'the champion cannot be compared: it returns the probability of "No", but the rows\' positive class is "Yes"',
    });
  });

  it("judges a candidate on rows of another contract, where it takes all of them", async () => {
    const gate: Gate = { name: "any", requirements: [{ metric: "auc", min: 0 }] };
    const judged = async (contract: Contract) =>
      judgeOnRows({ candidate: await under(artifact, contract), rows, gates: [gate], bootstrap });
    expect((await judged(withColumn("plan", { levels: ["basic", "plus", "toString", "gone"] }))).metrics).toEqual(
      judgeOnRows({ candidate, rows, gates: [gate], bootstrap }).metrics,
    );
    const mismatch = expect.objectContaining({ code: "CONTRACT_MISMATCH" }) as Error;
    await expect(judged(withColumn("tenure", { unit: "months", max: 50 }))).rejects.toThrow(mismatch);
    await expect(judged(withColumn("tenure", { unit: "months", max: 50 }))).rejects.toThrow(
      /cannot be judged on these rows: .*above the maximum 50/,
    );
    await expect(
      judged({ ...sampleContract, target: { column: "churned", classes: ["No", "Yes"], positive: "No" } }),
    ).rejects.toThrow(mismatch);
  });

  it("refuses rows that cannot be judged", () => {
    const [unlabeled, noSuch] = [
      tableFromRecords(sampleContract, sampleRecords(10), { target: "ignore" }),
      { name: "odd", requirements: [{ metric: "auc", notWorseThan: "champion", perSegment: "color" }] } satisfies Gate,
    ];
    expect(() => judgeOnRows({ candidate, rows: unlabeled, gates: [gates.basic] })).toThrow(
      expect.objectContaining({ code: "TARGET_INVALID" }) as Error,
    );
    expect(() => judgeOnRows({ candidate, rows, gates: [noSuch], bootstrap })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
    );
  });
});

describe("judgeOnRows of three classes", async () => {
  const { scorer: candidate } = await planModel();
  const later = planRecords(300, 2);
  const table = (...wanted: readonly string[]) =>
    tableFromRecords(
      planContract,
      later.filter(({ plan }) => wanted.includes(plan)),
    );
  const gate: Gate = {
    name: "plans",
    requirements: [
      { class: "plus", metric: "recall", min: 0.5 },
      { metric: "classes.logLoss", max: 0.9 },
      { metric: "auc", min: 0.7 },
    ],
  };
  const reasons = (judged: ReturnType<typeof judgeOnRows>) =>
    judged.verdicts.flatMap(({ checks }) => checks.map(({ passed, reason }) => `${passed ? "yes" : "no"}: ${reason}`));

  it("asks for a class's recall, and for the log loss of all", () => {
    const judged = judgeOnRows({ candidate, rows: table(...plans), gates: [gate], bootstrap });
    const classes = evaluateClasses({ scorer: candidate }, table(...plans));
    expect(judged.metrics.classes).toEqual(classes);
    expect(judged.verdicts[0]?.checks.map(({ observed }) => observed)).toEqual([
      classes.classes[1]?.recall,
      classes.logLoss.value,
      judged.metrics.values.auc.value,
    ]);
    expect(judged.passed).toBe(true);
    const strict = { ...gate, requirements: [{ class: "plus", metric: "recall", max: 0.51 } as const] };
    expect(reasons(judgeOnRows({ candidate, rows: table(...plans), gates: [strict], bootstrap }))).toEqual([
      expect.stringMatching(/^no: recall of "plus" 0\.\d+, at most 0\.51 is required$/),
    ]);
  });

  it("judges rows that lack a class by what they have", () => {
    expect(reasons(judgeOnRows({ candidate, rows: table("basic", "pro"), gates: [gate], bootstrap }))).toEqual([
      'no: recall of "plus" has no value (none of the rows is of this class); at least 0.5 is required',
      expect.stringMatching(/^yes: log loss over classes/),
      expect.stringMatching(/^yes: ROC AUC/),
    ]);
    const champion = { metric: "auc", notWorseThan: "champion" } as const;
    const judged = judgeOnRows({
      candidate,
      champion: candidate,
      rows: table("basic", "plus"),
      gates: [{ ...gate, requirements: [...gate.requirements, champion, { class: "max", metric: "auc", min: 0 }] }],
      bootstrap,
    });
    expect(reasons(judged).slice(2)).toEqual([
      expect.stringMatching(/^no: ROC AUC has no value \(none of \d+ rows is positive, .*\); at least 0\.7/),
      expect.stringMatching(/^no: ROC AUC none, .*no interval \(none of \d+ rows is positive/),
      'no: ROC AUC of "max" has no value (the classes are "basic", "plus", "pro"); at least 0 is required',
    ]);
    expect(judged.passed).toBe(false);
  });

  it("judges a candidate that takes the rows as records", async () => {
    const { artifact } = await planModel();
    const columns = planContract.columns.map((one) => (one.name === "seats" ? { ...one, unit: "pieces" } : one));
    const other = await under(artifact, { ...planContract, columns });
    expect(judgeOnRows({ candidate: other, rows: table(...plans), gates: [gate], bootstrap }).metrics).toEqual(
      judgeOnRows({ candidate, rows: table(...plans), gates: [gate], bootstrap }).metrics,
    );
  });

  it("finds no classes in a model of two", () => {
    expect(evaluateGate(gate, { metrics: {} }).checks[0]?.reason).toMatch(/the classes were not evaluated/);
  });
});

describe("segmentOf", () => {
  it("groups labels, truth values, numbers and dates", () => {
    const records = sampleRecords(40, 3).map((record, i) => ({
      ...record,
      tenure: i,
      charges: i % 4 === 0 ? null : i % 4,
      plan: i === 0 ? null : "basic",
    }));
    const table = tableFromRecords(sampleContract, records);
    expect(new Set(segmentOf(table, "plan"))).toEqual(new Set([null, "basic"]));
    expect(new Set(segmentOf(table, "charges"))).toEqual(new Set([null, "1", "2", "3"]));
    const tenure = segmentOf(table, "tenure");
    expect([...new Set(tenure)]).toEqual(["up to 9.75", "above 9.75 to 19.5", "above 19.5 to 29.25", "above 29.25"]);
    expect(tenure.filter((level) => level === "above 29.25")).toHaveLength(10);
    expect(segmentOf(table, "since").every((level) => /^(above|up to) \d{4}-\d\d-\d\d/.test(level ?? ""))).toBe(true);
    expect(() => segmentOf(table, "toString")).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID", where: { file: "records", column: "toString" } }) as Error,
    );
  });

  it("makes fewer groups where many rows are equal", () => {
    const records = sampleRecords(40, 3).map((record, i) => ({ ...record, tenure: i < 20 ? 0 : i }));
    const groups = segmentOf(tableFromRecords(sampleContract, records), "tenure");
    expect(new Set(groups).size).toBeLessThan(4);
    expect(groups.filter((level) => level === "up to 0")).toHaveLength(20);
  });
});

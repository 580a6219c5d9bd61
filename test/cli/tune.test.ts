import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/tune.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";
import { header, put, rows } from "./customers.js";

const folder = newFolder();
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  put(folder, "customers.csv", [header, ...rows(200)]);
  writeFileSync(at("space.json"), JSON.stringify({ l2: { kind: "real", min: 1, max: 100, scale: "log" } }));
});

const tune = (...args: string[]): Promise<Ran> =>
  runVerb(register, [
    "tune",
    at("customers.csv"),
    ...["--target", "Churn", "--positive", "Yes", "--id", "id", "--workers", "1", "--folds", "2", "--out", at("model")],
    ...args,
  ]);
const quick = ["--learner", "logistic", "--space", at("space.json"), "--trials", "3"];

describe("churnkit tune", () => {
  it("searches, trains the best on all rows, and continues from its journal", async () => {
    const again = [...quick, "--journal", at("tune.jsonl"), "--json"];
    const { out, err } = await tune(...again);
    expect(err).toMatch(/trial 3: logistic \{"l2":[\d.]+\}: log loss 0\.\d{4}/);
    const found = JSON.parse(out) as { best: { options: object; value: number }; trials: { value: number }[] };
    expect(found).toMatchObject({
      metric: "logLoss",
      method: "tpe",
      ended: false,
      rows: 200,
      judgedOn: "held-out rows",
    });
    expect(found.best.value).toBe(Math.min(...found.trials.map(({ value }) => value)));
    const { parameters } = JSON.parse(readFileSync(at("model/provenance.json"), "utf8")) as { parameters: object };
    expect(parameters).toMatchObject(found.best.options);
    expect(err).not.toContain("continuing");
    const second = await tune(...again);
    expect(second.err).toMatch(/^continuing from .*tune\.jsonl: /m);
    const resumed = JSON.parse(second.out) as typeof found;
    expect({ ...resumed, seconds: 0 }).toEqual({ ...found, seconds: 0 });
    await expect(tune(...again, "--seed", "2")).rejects.toMatchObject({
      code: "CHECKPOINT_MISMATCH",
      message: expect.stringContaining("Not the same: seed.") as string,
    });
  });

  it("searches several learners, each in its space, and says in text what is too good", async () => {
    const spaces = {
      logistic: { l2: { kind: "choice", values: [1, 10] } },
      boosting: { leaves: { kind: "choice", values: [2, 3] }, rounds: { kind: "choice", values: [10] } },
    };
    writeFileSync(at("spaces.json"), JSON.stringify(spaces));
    const learners = ["--learner", "logistic,boosting", "--space", at("spaces.json"), "--method", "grid"];
    const { out } = await tune(...learners, "--test", "0.2", "--nested", "2");
    expect(out).toMatch(/^best of 4 trials: (logistic|boosting) \{/);
    expect(out).toMatch(/on 2 folds that also chose it, so it is too good; on outer folds 0\.\d{4} \[/);
    expect(out).toMatch(/^on 40 test rows +(logistic|boosting)$/m);
  });

  it("refuses a space of a learner that is not searched", async () => {
    writeFileSync(at("stray.json"), JSON.stringify({ logistc: { l2: { kind: "choice", values: [1, 10] } } }));
    const searching = tune("--learner", "logistic,boosting", "--space", at("stray.json"), "--trials", "1");
    await expect(searching).rejects.toThrow('"logistc" too, which is not searched');
  });

  it("refuses test rows that share groups with the training", async () => {
    await expect(tune(...quick, "--group", "id", "--test", "0.2")).rejects.toThrow("Use --nested");
  });

  it.each([
    ["a range upside down", { l2: { kind: "real", min: 3, max: 1 } }, "min is below its max"],
    ["an unknown option", { leaves: { kind: "integer", min: 1, max: 3 } }, 'no option "leaves"'],
  ])("refuses a space with %s", async (_, space, message) => {
    writeFileSync(at("wrong.json"), JSON.stringify(space));
    await expect(tune("--learner", "logistic", "--space", at("wrong.json"))).rejects.toThrow(message);
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { AutoChoice } from "../../src/model/training/index.js";
import { newFolder } from "../helpers/folder.js";
import { cli, errorLine, header, json, put, rows } from "./cli.js";

describe("churnkit train --learner", () => {
  const folder = newFolder();
  beforeAll(() => void put(folder, "customers.csv", [header, ...rows(400)]));
  const train = (learner: string, ...more: string[]) =>
    cli(
      folder,
      "train",
      "customers.csv",
      "--target",
      "Churn",
      "--positive",
      "Yes",
      "--id",
      "id",
      "--learner",
      learner,
      "--out",
      learner,
      ...more,
    );

  it.each(["forest", "boosting"])("%s trains, and its bundle scores", async (learner) => {
    const trained = json(await train(learner, "--json"));
    expect(trained).toMatchObject({
      learner,
      networks: 0,
      rows: 400,
      judgedOn: "held-out rows",
      baseline: { learner: "logistic" },
    });
    expect(trained).not.toHaveProperty("auto");
    expect(readFileSync(join(folder, learner, "trees/0/trees.bin")).length).toBeGreaterThan(0);
    const evaluated = json(await cli(folder, "evaluate", learner, "customers.csv", "--json"));
    expect(evaluated).toMatchObject({ learner, networks: 0, rows: 400 });
    expect(evaluated["auc"]).toBeGreaterThan(0.65);
  });

  it("auto says what it made and why, in JSON and in text", async () => {
    const options = ["--epochs", "2", "--single", "--presets", "3"];
    const trained = json(await train("auto", "--json", ...options));
    const choice = trained["auto"] as AutoChoice;
    expect(choice.candidates.map(({ learner }) => learner)).toEqual(["logistic", "boosting", "network"]);
    const text = await train("auto", ...options);
    const { members, reason } = choice;
    expect(trained["learner"]).toBe(members.length > 1 ? "stack" : members[0]?.learner);
    expect(text.out).toContain(
      members.length > 1 ? `a stack of ${members.length}: ` : `chose ${members[0]?.learner}; `,
    );
    expect(text.out).toContain(reason);
    expect(text.err).toContain("auto tries logistic, boosting, network in that order");
    expect(text.err).toMatch(/^network: held-out log loss 0\.\d{4}; best so far 0\.\d{4}, \d of 3 learners tried$/m);
    const refused = await train("logistic", "--presets", "3");
    expect(refused.err).toContain("--presets applies to --learner auto");
  });

  it("says which columns the features leave out, the first five", async () => {
    const plans = Array.from({ length: 8 }, (_, i) => `plan${i}`);
    put(folder, "same.csv", [
      [header, ...plans].join(","),
      ...rows(100).map((row, i) => [row, ...plans.map(() => "abc"[i % 3])].join(",")),
    ]);
    const { err } = await cli(
      folder,
      "train",
      "same.csv",
      "--target",
      "Churn",
      "--positive",
      "Yes",
      "--id",
      "id",
      "--learner",
      "logistic",
      "--out",
      "same",
    );
    expect(err.match(/features: plan\d=[abc]: left out, plan=[abc] says the same/g)).toHaveLength(5);
    expect(err).toMatch(/features: and \d+ more like these/);
  });

  it("refuses what only networks have", async () => {
    for (const option of [["--epochs", "3"], ["--patience", "3"], ["--single"]]) {
      const ended = await train("forest", ...option);
      expect(ended.code).toBe(2);
      expect(errorLine(ended)).toMatch(new RegExp(`${option[0] ?? ""}.*--learner forest.*\\[OPTION_INVALID\\]`));
    }
    expect(errorLine(await train("tree"))).toMatch(/network, logistic, forest, boosting, auto/);
  });
});

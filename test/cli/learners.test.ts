import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
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

  it("auto says what it kept and why, in JSON and in text", async () => {
    const options = ["--epochs", "2", "--single"];
    const trained = json(await train("auto", "--json", ...options));
    const choice = trained["auto"] as { chosen: string; reason: string; candidates: { learner: string }[] };
    expect(trained["learner"]).toBe(choice.chosen);
    expect(choice.candidates.map(({ learner }) => learner)).toEqual(["logistic", "boosting", "forest", "network"]);
    const text = await train("auto", ...options);
    expect(text.out).toContain(`chose ${choice.chosen}: ${choice.reason}`);
    expect(text.err).toContain("auto trains logistic, boosting, forest, network in that order");
    expect(text.err).toMatch(/\d+ rounds {2}loss 0\.\d+[^]*1\/1 networks/);
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

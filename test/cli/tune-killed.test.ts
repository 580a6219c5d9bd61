import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { newFolder } from "../helpers/folder.js";
import { cli, header, json, put, rows, startCli } from "./cli.js";

const folder = newFolder();
beforeAll(() => void put(folder, "customers.csv", [header, ...rows(300)]));

const tune = (journal: string): string[] => [
  "tune",
  "customers.csv",
  ...["--target", "Churn", "--positive", "Yes", "--id", "id", "--learner", "logistic", "--trials", "12"],
  ...["--folds", "3", "--workers", "2", "--journal", journal, "--out", `${journal}-model`, "--json"],
];

/** The number of whole lines of a file. */
const linesOf = (file: string): number =>
  statSync(join(folder, file), { throwIfNoEntry: false }) === undefined
    ? 0
    : readFileSync(join(folder, file), "utf8").split("\n").length - 1;

it("churnkit tune continues after kill -9 to the result of an uninterrupted run", { timeout: 120_000 }, async () => {
  const { child, ended } = startCli(tune("killed"), folder);
  while (linesOf("killed") < 4 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill("SIGKILL");
  expect((await ended).code).toBeNull();
  const before = linesOf("killed");
  expect(before).toBeLessThan(13);
  const again = json(await cli(folder, ...tune("killed")));
  expect(linesOf("killed")).toBe(13);
  const whole = json(await cli(folder, ...tune("whole")));
  const plain = (ran: Record<string, unknown>) => ({ ...ran, seconds: 0, bundle: "" });
  expect(plain(again)).toEqual(plain(whole));
  const model = (journal: string) => readFileSync(join(folder, `${journal}-model/scorer.json`), "utf8");
  expect(model("killed")).toBe(model("whole"));
});

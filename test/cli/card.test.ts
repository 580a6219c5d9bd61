import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/card.js";
import { register as train } from "../../src/cli/commands/train.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";
import { sageMakerCard } from "../report/sagemaker-card.js";
import { header, put, quick, rows } from "./customers.js";

const folder = newFolder();
const at = (name: string): string => join(folder, name);
const card = (...args: string[]): Promise<Ran> => runVerb(register, ["card", at("model"), ...args]);
const written = (name: string): string => readFileSync(at(name), "utf8");

beforeAll(async () => {
  put(folder, "customers.csv", [header, ...rows(400)]);
  put(folder, "rows.json", [JSON.stringify(Array.from({ length: 200 }, (_, i) => 2 * i))]);
  put(folder, "notes.json", [JSON.stringify({ owner: "Retention team" })]);
  put(folder, "wrong.json", [JSON.stringify({ own: "Retention team" })]);
  await runVerb(train, ["train", at("customers.csv"), ...quick, "--test", "0.25", "--out", at("model")]);
});

describe("churnkit card", () => {
  it("prints Markdown of the bundle alone, with what the training took and how its rows were chosen", async () => {
    const { out } = await card();
    expect(out).toMatch(/^---\nlibrary_name: churnkit\n/);
    expect(out).toContain("customers.csv without 25 % test rows, drawn at random within each class (seed 0)");
    expect(out).toMatch(/training, processor time of all threads \| \d+\.\d\d s/);
    expect(out).toContain("baselines for drift and for the monitors");
    expect(out).not.toContain(folder);
  });

  it("measures groups on the chosen rows", async () => {
    const chosen = ["--rows", at("rows.json"), "--by", "plan,tenure", "--notes", at("notes.json")];
    const { out } = await card(at("customers.csv"), ...chosen);
    expect(out).toMatch(/^On the evaluated rows: 200 rows of customers\.csv; /m);
    expect(out).toContain("### plan: 3 groups");
    expect(out).toMatch(/^\| \d+ to below \d+ \|/m);
    expect(out).toContain("| owner | Retention team |");
    await expect(card(at("customers.csv"), "--unseen")).rejects.toThrow("trained on every row");
  });

  it("writes a page, SageMaker's card and the data, by format and name", async () => {
    await card("--out", at("card.html"));
    expect(written("card.html")).toMatch(/^<!doctype html>/);
    await card("--out", at("card.json"));
    expect(JSON.parse(written("card.json"))).toMatchObject({ format: 1, model: { learner: "logistic" } });
    const { err } = await card("--format", "sagemaker", "--out", at("sagemaker.json"));
    expect(err).toBe(`wrote ${at("sagemaker.json")}\n`);
    expect(sageMakerCard.parse(JSON.parse(written("sagemaker.json"))).model_overview.algorithm_type).toMatch(
      /^logistic/,
    );
  });

  it.each([
    [["--by", "plan"], /labeled rows/],
    [["--notes", at("wrong.json")], /"own"/],
    [["--notes", at("absent.json")], /cannot be read/],
  ])("refuses %j", async (args, message) => {
    await expect(card(...args)).rejects.toThrow(message);
  });
});

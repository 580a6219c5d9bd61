import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/run.js";
import { writeCsv } from "../../src/data/index.js";
import { syntheticCustomers } from "../../src/data/synthetic.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";

const folder = mkdtempSync(join(tmpdir(), "churnkit-run-"));
const place = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pipeline = {
  inputs: { customers: "file" },
  steps: [
    {
      id: "ingest",
      job: "ingest",
      params: { target: "churn", positive: "Yes", id: ["customerId"] },
      inputs: { file: "input.customers" },
    },
    { id: "train", job: "train", params: { learner: "logistic" }, inputs: { rows: "ingest.rows" } },
    { id: "register", job: "register", params: { alias: "champion" }, inputs: { model: "train.model" } },
  ],
};

describe("churnkit run", () => {
  beforeAll(async () => {
    writeFileSync(place("pipeline.json"), JSON.stringify(pipeline));
    await writeCsv(place("customers.csv"), syntheticCustomers({ rows: 150, seed: 1 }).records);
  });
  const run = (...args: string[]): Promise<Ran> =>
    runVerb(register, ["run", place("pipeline.json"), "--store", place("store"), ...args]);
  const input = (path: string): string[] => ["--input", `customers=${path}`, "--registry", place("registry")];

  it("runs a pipeline once, and says what was done", async () => {
    const first = await run(...input(place("customers.csv")));
    expect(first.err).toMatch(/^ingest: ran in .* s\ntrain: ran in .* s\nregister: ran in .* s\n$/);
    expect(first.out).toMatch(/^train\.model +bundle +objects\/[0-9a-f]{64}$/m);
    const second = await run(...input(place("customers.csv")), "--json");
    expect(second.err).toMatch(/^ingest: cached\ntrain: cached\nregister: ran/);
    expect(Object.keys(JSON.parse(second.out) as object)).toEqual(["steps", "artifacts"]);
  });

  it("prints the pipeline", async () => {
    expect((await run("--mermaid")).out).toMatch(/^flowchart TD\n[^]*step_train -->\|model\| step_register/);
  });

  it("refuses what is not there", async () => {
    await expect(run(...input(place("nobody.csv")))).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
    await expect(run("--input", `customers=${place("customers.csv")}`)).rejects.toThrow(/"register" needs a registry/);
    await expect(run("--input", "customers=a.csv", "--input", "customers=b.csv")).rejects.toThrow(
      /customers is given twice/,
    );
  });
});

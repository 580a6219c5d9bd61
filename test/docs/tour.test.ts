import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cliHere, script } from "../cli/cli.js";
import { pageBlocks, pages, textOf } from "./snippets.js";

const scratch = mkdtempSync(join(tmpdir(), "churnkit-tour-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The words of a shell line, with double quotes understood. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");

const lines = pageBlocks("README.md", "sh").flatMap(({ code }) => code.split("\n"));
const commands = lines
  .filter((line) => line.startsWith("npx churnkit "))
  .map((line) => line.replace(/^npx churnkit /, ""));
/** The main job has tests of its own, a server does not end, and what it captured is looked at after it. */
const runnable = commands.filter((command) => !/^(pipeline|serve|monitor) /.test(command));
/** Fewer customers than on the page will do: a network trains sooner on them, and the later ones are soon explained. */
const smaller = (command: string): string => {
  if (!command.startsWith("sample ") || / --rows 1$/.test(command)) return command;
  return `${command.replace(/ --rows \d\d+/, "")} --rows ${command.includes("later") ? 200 : 600}`;
};

describe("the README's tour", () => {
  it("has every verb", () => {
    const verbs = new Set(commands.map((command) => command.split(" ")[0]));
    expect([...verbs].sort()).toEqual([
      "drift",
      "evaluate",
      "explain",
      "init",
      "monitor",
      "pipeline",
      "predict",
      "registry",
      "sample",
      "serve",
      "train",
      "validate",
    ]);
  });

  // In the order of the page, since each uses what those before it made.
  it.each(runnable)("churnkit %s", { timeout: 60_000 }, async (command) => {
    const { code, err } = await cliHere(scratch, ...words(smaller(command)));
    expect({ code, err }).toMatchObject({ code: command.startsWith("drift ") ? 1 : 0 });
  });

  it("serves the customer of the page", async () => {
    const server = spawn(
      process.execPath,
      [script, "serve", "model", "--port", "0", "--capture", "captured.jsonl", "--json"],
      { cwd: scratch, stdio: ["ignore", "pipe", "ignore"] },
    );
    try {
      const line = await new Promise<string>((resolve) =>
        server.stdout.once("data", (data: Buffer) => resolve(data.toString())),
      );
      const { url } = JSON.parse(line) as { url: string };
      const record = JSON.parse(readFileSync(join(scratch, "customer.jsonl"), "utf8")) as object;
      const ask = (body: object): Promise<Response> =>
        fetch(`${url}/predict`, { method: "POST", body: JSON.stringify(body) });
      const refused = await ask({ ...record, lastLogin: "soon" });
      expect(refused.status).toBe(422);
      expect(await refused.text()).toContain("lastLogin");
      const answer = (await (await ask(record)).json()) as object;
      expect(Object.keys(answer)).toEqual(
        expect.arrayContaining(["prediction", "probability", "threshold", "model_version"]),
      );
    } finally {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await ended;
    }
  });
});

describe("--json has the documented fields", () => {
  const commandLine = pages
    .filter((name) => name.startsWith("docs/command-line"))
    .map(textOf)
    .join("\n");
  const blocks = new Map(
    [...commandLine.matchAll(/^```json (\w+)\n([\s\S]*?)^```/gm)].map(([, verb = "", text = ""]) => [
      verb,
      JSON.parse(text) as object,
    ]),
  );
  const customers = ["customers.csv", "--contract", "churn.contract.json"];
  const calls: Record<string, readonly string[]> = {
    sample: ["sampled.csv", "--rows", "20"],
    init: ["customers.csv", "--target", "churn", "--positive", "Yes", "--out", "again.contract.json"],
    validate: customers,
    train: [...customers, "--out", "short", "--single", "--epochs", "2"],
    import: ["trees.txt", ...customers, "--out", "taken-over"],
    evaluate: ["short", "customers.csv"],
    compare: [...customers, "--learners", "logistic,forest", "--folds", "2"],
    tune: [...customers, "--learner", "logistic", "--trials", "2", "--folds", "2", "--out", "tuned"],
    export: ["model", "--js", "scorer.mjs"],
    explain: ["model", "sampled.csv", "--limit", "2"],
    campaign: "model customers.csv --offer-cost 40 --success-rate 0.3 --customer-value 600 --outcomes".split(" "),
    drift: ["customers.csv", ...customers],
    monitor: ["model", "captured.jsonl"],
    erase: ["captured.jsonl", "--customer", "nobody"],
    run: ["pipeline.json", "--input", "customers=customers.csv"],
    rehearse: ["--template", "stack.json"],
  };

  const ingest = {
    id: "ingest",
    job: "ingest",
    params: { target: "churn", positive: "Yes" },
    inputs: { file: "input.customers" },
  };
  const header = "tree\nnum_tree_per_iteration=1\nobjective=binary sigmoid:1\nfeature_names=tenureMonths\n\nTree=0\n";
  const split = "num_leaves=2\nsplit_feature=0\nthreshold=12\ndecision_type=2\nleft_child=-1\nright_child=-2\n";
  const trees = `${header}${split}leaf_value=1 -1\n\nend of trees\n`;
  beforeAll(() => {
    writeFileSync(join(scratch, "pipeline.json"), JSON.stringify({ inputs: { customers: "file" }, steps: [ingest] }));
    writeFileSync(join(scratch, "trees.txt"), trees);
    writeFileSync(join(scratch, "stack.json"), JSON.stringify({ Resources: {} }));
  });

  it("documents each verb that has the option", () =>
    expect([...blocks.keys()].sort()).toEqual([...Object.keys(calls), "pipeline", "serve"].sort()));

  it.each(Object.entries(calls))("%s", { timeout: 60_000 }, async (verb, args) => {
    const { out } = await cliHere(scratch, verb, ...args, "--json");
    const printed = JSON.parse(out) as Record<string, unknown>;
    const documented = (blocks.get(verb) ?? {}) as Record<string, unknown>;
    expect(Object.keys(printed).sort()).toEqual(Object.keys(documented).sort());
    if (verb === "train")
      expect(Object.keys(printed["test"] as object).sort()).toEqual(Object.keys(documented["test"] as object).sort());
  });
});

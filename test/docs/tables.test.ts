import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { errorCodes } from "../../src/base/errors.js";
import { operators } from "../../src/data/features/expressions/operators.js";
import type { Operator } from "../../src/data/features/expressions/operator.js";
import { encodings } from "../../src/data/features/policy.js";
import { qualityRules } from "../../src/data/contract/rules.js";
import { driftTests } from "../../src/drift/report.js";
import { captureIssues } from "../../src/monitor/capture/capture.js";
import { monitors } from "../../src/monitor/judging/findings.js";
import { retrainingBlocks } from "../../src/monitor/retraining/decide.js";
import { retrainingTriggers } from "../../src/monitor/retraining/retraining-policy.js";
import { metricTable, type MetricDefinition } from "../../src/io/metrics/metric-table.js";
import { boostingDefaults } from "../../src/model/kinds/trees/boosting-learner.js";
import { churnNetworkDefaults } from "../../src/model/kinds/network/learner.js";
import { forestDefaults } from "../../src/model/kinds/trees/forest-learner.js";
import type { Gate } from "../../src/registry/gates/gate.js";
import { gates } from "../../src/registry/gates/gates.js";
import { defaultDriftPolicy } from "../../src/drift/policy.js";
import { metrics } from "../../src/model/index.js";
import { contractHash } from "../../src/data/contract/contract-hash.js";
import type { Column } from "../../src/data/contract/contract.js";
import { compileRecipe } from "../../src/data/features/encode.js";
import type { Exported } from "../../src/export/exported.js";
import { toJavaScript, toOnnx, toSql } from "../../src/export/index.js";
import type { ModelNode } from "../../src/model/artifact.js";
import { importTrees } from "../../src/model/import/import-trees.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { foreignFile, foreignRows } from "../helpers/foreign-trees.js";
import { Chance, randomTrees } from "../helpers/random-artifact.js";
import { pageBlocks, pages, root, textOf } from "./snippets.js";

/** The rows of the table whose head has these cells, without code marks. */
function tableOf(page: string, ...head: string[]): string[][] {
  const cellsOf = (line: string): string[] =>
    line
      .slice(1, line.lastIndexOf("|"))
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll("`", "").replaceAll("\\|", "|"));
  const lines = page.split("\n");
  const start = lines.findIndex(
    (line) => line.startsWith("|") && cellsOf(line).slice(0, head.length).join() === head.join(),
  );
  expect(start, `a table with the head ${head.join(" | ")}`).toBeGreaterThanOrEqual(0);
  const rows = lines.slice(start + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith("|")),
    )
    .map(cellsOf);
}

const sorted = (rows: readonly (readonly string[])[]): (readonly string[])[] =>
  [...rows].sort((a, b) => (a.join() < b.join() ? -1 : 1));

describe("tables in the pages equal those in the code", () => {
  it("operators", () => {
    const written = tableOf(textOf("docs/features.md"), "operator", "builder").map(
      ([name = "", , args = "", parameters = "", result = ""]) => [name, args, parameters, result],
    );
    const declared = Object.entries<Operator>(operators).map(([name, { args, rest, parameters, result }]) => [
      name,
      [...args, ...(rest ? [`${rest.min} or more ${rest.kind}`] : [])].join(", ") || "-",
      Object.entries(parameters)
        .map(([key, kind]) => `${key}: ${kind}`)
        .join(", ") || "-",
      result,
    ]);
    expect(written).toEqual(declared);
  });

  it("encodings", () => {
    const written = tableOf(textOf("docs/features.md"), "kind", "encode").map(([kind, encode]) => [kind, encode]);
    expect(written).toEqual(Object.entries(encodings).map(([kind, names]) => [kind, names.join(", ")]));
  });

  it("metrics of monitors", () => {
    const declared = Object.entries<MetricDefinition>(metricTable).map(
      ([name, { cloudwatch, type, unit, labels = [] }]) => [name, cloudwatch, type, unit, labels.join(", ")],
    );
    expect(tableOf(textOf("docs/monitoring.md"), "metric")).toEqual(declared);
  });

  it.each([
    ["docs/monitoring.md", "trigger", retrainingTriggers],
    ["docs/monitoring.md", "held back by", retrainingBlocks],
    ["docs/monitors.md", "monitor", monitors],
    ["docs/captured-data.md", "issue", captureIssues],
  ])("%s: %s", (page, head, declared) => expect(tableOf(textOf(page), head)).toEqual(Object.entries(declared)));

  it("error codes, both ways", () => {
    const written = tableOf(textOf("docs/errors.md"), "code", "meaning", "what helps");
    expect(sorted(written.map((row) => row.slice(0, 2)))).toEqual(sorted(Object.entries(errorCodes)));
    expect(written.filter(([, , help]) => help === "" || help === undefined)).toEqual([]);
  });

  it("quality rules", () => {
    const declared = Object.entries(qualityRules).map(([name, { scope, severity, meaning }]) => [
      name,
      scope,
      severity,
      meaning,
    ]);
    expect(tableOf(textOf("docs/contract.md"), "rule", "scope")).toEqual(declared);
  });

  it("metrics", () => {
    const written = tableOf(textOf("docs/evaluation.md"), "name", "label").map((row) => row.slice(0, 4));
    expect(written).toEqual(
      Object.entries(metrics).map(([name, { label, better, needs }]) => [name, label, better, needs]),
    );
  });

  it.each([
    ["option", churnNetworkDefaults],
    ["boosting", boostingDefaults],
    ["forest", forestDefaults],
  ])("defaults of the learners: %s", (head, defaults) => {
    const written = tableOf(textOf("docs/learners.md"), head, "default").map(([name = "", value = ""]) => [
      name,
      JSON.parse(value) as unknown,
    ]);
    expect(Object.fromEntries(written)).toEqual(defaults);
  });

  it("drift tests and the default policy", () => {
    const page = textOf("docs/drift.md");
    expect(tableOf(page, "test", "of").map(([name]) => name)).toEqual(Object.keys(driftTests));
    const floors = tableOf(page, "", "warning from", "critical from").map(([name, warning, critical]) => [
      name,
      { warning: Number(warning), critical: Number(critical) },
    ]);
    expect(defaultDriftPolicy).toMatchObject(Object.fromEntries(floors) as object);
    expect(floors).toHaveLength(Object.values(defaultDriftPolicy).filter((value) => typeof value === "object").length);
    expect(page).toContain(`\`alpha\` is ${defaultDriftPolicy.alpha}.`);
    expect(page).toContain(`a shift of ${defaultDriftPolicy.coarsestShift} could`);
  });

  it("gates", () => {
    const written = tableOf(textOf("docs/registry.md"), "gate", "asks");
    const declared = Object.values<Gate>(gates).map(({ name, requirements }) => [
      name,
      requirements
        .map((requirement) => {
          if ("requires" in requirement) return `requires ${requirement.requires}`;
          if ("measure" in requirement) return `${requirement.measure} <= ${requirement.max}`;
          if ("class" in requirement) return JSON.stringify(requirement);
          const { metric } = requirement;
          if ("min" in requirement) return `${metric} >= ${requirement.min}`;
          if ("max" in requirement) return `${metric} <= ${requirement.max}`;
          if ("betterThan" in requirement) return `${metric} better than the ${requirement.betterThan}`;
          return `${metric} not worse than the ${requirement.notWorseThan} by ${requirement.margin ?? 0.01}`;
        })
        .join("; "),
    ]);
    expect(written).toEqual(declared);
  });

  it("entries of the package", () => {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      exports: Record<string, unknown>;
    };
    const hidden = ["./train-worker", "./score-worker", "./package.json"];
    const declared = Object.keys(exports)
      .filter((name) => !hidden.includes(name))
      .map((name) => name.replace(".", "churnkit"));
    expect(
      tableOf(textOf("README.md"), "entry", "holds")
        .map(([name = ""]) => name)
        .sort(),
    ).toEqual(declared.sort());
  });

  it("models that each form of export takes", async () => {
    const sample = await sampleArtifact({ networks: 0 });
    const network = (await sampleArtifact({ networks: 1 })).model;
    const linear = sample.model;
    const trees = randomTrees(new Chance(1), compileRecipe(sample.recipe, sample.contract).width);
    const target = { column: "churned", classes: ["No", "Yes", "Paused"], positive: "Yes" };
    const members = (one: ModelNode): ModelNode => ({ kind: "ensemble", members: [linear, one] });
    const classes = (one: ModelNode): ModelNode => ({
      ...{ kind: "classes", positive: 1, members: [linear, trees, one] },
      ...{ slopes: [1, 1, 1], biases: [0, 0, 0] },
    });
    const of = (model: ModelNode): Exported => ({ ...sample, model });
    const threeOf = (model: ModelNode): Exported => ({ ...of(model), contract: { ...sample.contract, target } });
    const text: Column = {
      ...({ name: "note", kind: "text", role: "feature" } as const),
      ...{ nullable: true, optional: false, missing: [] },
    };
    const noted = { ...sample.contract, columns: [...sample.contract.columns, text] };
    const vocabulary = { terms: [], rows: 0, counts: [] };
    const words = {
      kind: "text",
      input: "note",
      phrases: vocabulary,
      pieces: vocabulary,
      weights: [],
      bias: 0,
    } as const;
    const blocks = [...sample.recipe.blocks, { ...words, indicator: false }];
    const imported = await importTrees(foreignFile("xgboost.json"), foreignRows);
    const cases = new Map<string, { readonly plain: Exported; readonly withNetwork?: Exported }>([
      ["logistic regression", { plain: of(linear) }],
      ["boosting, forest", { plain: of(trees) }],
      ["networks", { plain: of(network) }],
      ["means and stacks, as auto makes them", { plain: of(members(trees)), withNetwork: of(members(network)) }],
      ["more than two classes", { plain: threeOf(classes(trees)), withNetwork: threeOf(classes(network)) }],
      ["XGBoost and LightGBM, imported", { plain: imported.artifact }],
      [
        "any of them with free text",
        {
          plain: {
            ...sample,
            contract: noted,
            recipe: { ...sample.recipe, blocks, contractHash: contractHash(noted) },
          },
        },
      ],
    ]);
    const takes = (write: (artifact: Exported) => unknown, artifact: Exported): boolean => {
      try {
        write(artifact);
        return true;
      } catch (error) {
        expect(error).toMatchObject({
          code: "OPTION_INVALID",
          message: expect.stringMatching(/export|write/i) as string,
        });
        return false;
      }
    };
    const forms = [toJavaScript, toOnnx, toSql];
    const rows = [...cases].map(([name, { plain, withNetwork }]) => [
      name,
      ...forms.map((write) => {
        if (!takes(write, plain)) return "no";
        return withNetwork === undefined || takes(write, withNetwork) ? "yes" : "without networks";
      }),
    ]);
    expect(tableOf(textOf("docs/export.md"), "model", "JavaScript", "ONNX", "SQL")).toEqual(rows);
  });

  it("npm scripts that a page names", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const named = [...textOf("README.md").matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    expect(textOf("README.md")).toContain("`npm ci && npm run pipeline`");
    expect(textOf("README.md")).toContain("`npm ci && npm test`");
  });
});

describe("docs/command-line*.md equal --help", async () => {
  const program = new Command("churnkit");
  const verbs = [
    "sample",
    "init",
    "validate",
    "train",
    "import",
    "export",
    "predict",
    "evaluate",
    "compare",
    "tune",
    "explain",
    "campaign",
    "card",
    "drift",
    "serve",
    "keys",
    "erase",
    "monitor",
    "retraining",
    "registry",
    "run",
    "runs",
    "pipeline",
    "rehearse",
  ];
  for (const verb of verbs)
    ((await import(`../../src/cli/commands/${verb}.ts`)) as { register(program: Command): void }).register(program);
  const all = (command: Command, prefix: string): { name: string; command: Command }[] =>
    command.commands.flatMap((each) => [
      { name: `${prefix}${each.name()}`, command: each },
      ...all(each, `${prefix}${each.name()} `),
    ]);
  const declared = all(program, "");
  const page = pages
    .filter((name) => name.startsWith("docs/command-line"))
    .map(textOf)
    .join("\n");
  const sections = new Map(
    page
      .split(/^## `?churnkit /m)
      .slice(1)
      .map((section) => {
        const [heading = "", ...rest] = section.split("\n");
        const title = heading.replace(/`$/, "");
        return [title.replace(/ ?[<[].*$/, ""), { title, body: rest.join("\n") }];
      }),
  );

  it("has a section for each verb and no other", () => {
    expect([...sections.keys()].sort()).toEqual(declared.map(({ name }) => name).sort());
    const shown = readFileSync(join(root, "src/cli/program.ts"), "utf8").matchAll(
      /import\("\.\/commands\/(\w+)\.js"\)/g,
    );
    expect([...shown].map(([, name]) => name).sort()).toEqual([...verbs].sort());
  });

  it.each(declared)("$name ends with an example that it would take", ({ name, command }) => {
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    const [, shown = ""] = new RegExp(`\\nExample:\n  churnkit (${name}.*)\n`).exec(help) ?? [];
    const words = shown.slice(name.length).match(/"[^"]*"|\S+/g) ?? [];
    const known = [
      ...(command.parent?.options ?? []),
      ...command.options,
      ...command.commands.flatMap(({ options }) => options),
    ].map(({ long }) => long);
    expect([shown, words.filter((word) => word.startsWith("--") && !known.includes(word))]).toEqual([
      expect.stringMatching(/./),
      [],
    ]);
    if (command.commands.length > 0) return;
    const parsed = command.parseOptions(words.map((word) => word.replaceAll('"', "")));
    expect([parsed.operands.length, parsed.unknown]).toEqual([command.registeredArguments.length, []]);
    expect(command.options.filter(({ mandatory, long }) => mandatory && !shown.includes(` ${long} `))).toEqual([]);
  });

  /** Calls of the command line on a page: lines to paste, and what stands in code marks. */
  const callsOn = (page: string): string[] => {
    const lines = pageBlocks(page, "sh").flatMap(({ code }) => code.replaceAll("\\\n", " ").split("\n"));
    const marked = [
      ...textOf(page)
        .replace(/^```[\s\S]*?^```/gm, "")
        .matchAll(/`([^`]+)`/g),
    ].map(([, text = ""]) => text);
    return [...lines, ...marked].flatMap((text) =>
      [...text.matchAll(/\bchurnkit ((?:"[^"]*"|[^"|>&;])*)/g)].map(([, call = ""]) => call.trim()),
    );
  };

  /** What is wrong with a call: a verb or an option that is not there. */
  const wrongIn = (call: string): string[] => {
    const words = call.replace(/"[^"]*"/g, "TEXT").split(/\s+/);
    const [verb = "", second] = words;
    const isGroup = declared.some(({ name, command }) => name === verb && command.commands.length > 0);
    const name = isGroup && second !== undefined ? `${verb} ${second}` : verb;
    const command = declared.find((one) => one.name === name)?.command;
    if (command === undefined) return [`churnkit ${name}`];
    const known = ["--help", ...command.options.flatMap(({ long }) => long ?? [])];
    return words
      .filter((word) => word.startsWith("--") && !known.includes(word.replace(/=.*/, "")))
      .map((option) => `churnkit ${name} ${option}`);
  };

  it.each(pages)("%s shows only verbs and options that there are", (page) => {
    // What is installed with churnkit is no verb, and neither is a placeholder.
    expect(
      callsOn(page)
        .filter((call) => call !== "zod" && !call.startsWith("<"))
        .flatMap(wrongIn),
    ).toEqual([]);
  });

  it("tells a verb or an option that is not there", () => {
    expect(
      [
        "score model",
        "train a.csv --out",
        "registry clean --apply",
        "registry forget 1",
        "serve model --prot 1",
      ].flatMap(wrongIn),
    ).toEqual(["churnkit score", "churnkit registry forget", "churnkit serve --prot"]);
    expect(callsOn("README.md").length).toBeGreaterThan(10);
  });

  it.each(declared)("$name", ({ name, command }) => {
    const { title = "", body = "" } = sections.get(name) ?? {};
    const args = command.registeredArguments.map((argument) =>
      argument.required ? ` <${argument.name()}>` : ` [${argument.name()}]`,
    );
    expect(title).toBe(`${name}${args.join("")}`);
    const options = command.options.map(({ flags, description, defaultValue, mandatory }) => [
      flags,
      description,
      mandatory ? "required" : defaultValue === undefined ? "" : String(defaultValue),
    ]);
    // A code mark inside a description is no part of the comparison.
    const plain = (rows: readonly (readonly string[])[]): string[][] =>
      rows.map((row) => row.map((cell) => cell.replaceAll("`", "")));
    expect(options.length === 0 ? [] : plain(tableOf(body, "option", "meaning", "default"))).toEqual(plain(options));
  });
});

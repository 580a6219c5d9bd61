import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { register as evaluate } from "../../src/cli/commands/evaluate.js";
import { register as init } from "../../src/cli/commands/init.js";
import { register as predict } from "../../src/cli/commands/predict.js";
import { register as sample } from "../../src/cli/commands/sample.js";
import { register as train } from "../../src/cli/commands/train.js";
import { register as validate } from "../../src/cli/commands/validate.js";
import { columnList, columnsOption } from "../../src/cli/input.js";
import { usageError } from "../../src/cli/usage.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";

const folder = newFolder();
const at = (name: string): string => join(folder, name);
const fields = ({ out }: Ran): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;

/** Customers of 2024, one a day: short tenures leave more often, and a refund is paid to those who left. */
const lines = Array.from({ length: 300 }, (_, i) => {
  const tenure = (i * 7919) % 72;
  const left = (Math.imul(i + 1, 0x9e3779b1) >>> 8) % 100 < (tenure < 24 ? 60 : 15);
  const day = new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
  return `${tenure},${"abc"[(i * 31) % 3] ?? ""},${day},${left ? 50 + i : 0},${left ? "Yes" : "No"}`;
});
const header = "tenure,plan,since,refund,Churn";
const target = ["--target", "Churn", "--positive", "Yes"];
const quick = [...target, "--learner", "logistic", "--json"];
const trained = (out: string, ...args: string[]): Promise<Ran> =>
  runVerb(train, ["train", at("customers.csv"), ...quick, "--out", at(out), ...args]);

beforeAll(async () => {
  writeFileSync(at("customers.csv"), `${[header, ...lines].join("\n")}\n`);
  await trained("model", "--ignore", "refund, since");
});

describe("--ignore", () => {
  it("is named by the warning of a leak, in the command as it was typed", async () => {
    const { err } = await trained("leaky");
    expect(err).toMatch(/warning: Column "refund": it alone nearly predicts "Churn"/);
    const [, advice = ""] = /to leave it out: churnkit (.*)/.exec(err) ?? [];
    expect(advice).toMatch(/^train \S*customers\.csv .* --ignore refund$/);
    const again = await runVerb(train, advice.split(" "));
    expect(again.err).not.toMatch(/refund/);
  });

  it("does not name a column that another option uses", async () => {
    const both = ["--ignore", "plan", "--text", "since,plan"];
    await expect(trained("none", ...both)).rejects.toThrow(/"plan" is named by --text and by --ignore/);
    await expect(trained("none", "--contract", at("model/contract.json"), ...both)).rejects.toThrow(/by --text and by/);
  });

  it("leaves columns out of the features, and of the contract that init writes", async () => {
    const bundle = JSON.parse(readFileSync(at("model/contract.json"), "utf8")) as {
      columns: { name: string; role: string }[];
    };
    expect(bundle.columns.map(({ name, role }) => `${name} ${role}`)).toEqual([
      "tenure feature",
      "plan feature",
      "since ignored",
      "refund ignored",
      "Churn target",
    ]);
    const contract = fields(
      await runVerb(init, [
        "init",
        at("customers.csv"),
        ...target,
        "--ignore",
        "refund",
        "--ignore",
        "since",
        "--out",
        at("c.json"),
        "--json",
      ]),
    );
    expect(contract["columns"]).toMatchObject([
      { role: "feature" },
      { role: "feature" },
      { role: "ignored" },
      { role: "ignored" },
      { role: "target" },
    ]);
    const { out, err } = await runVerb(validate, ["validate", at("customers.csv"), "--contract", at("c.json")]);
    expect([out, err]).toEqual([expect.not.stringMatching(/leak/), ""]);
    const leaks = await runVerb(validate, ["validate", at("customers.csv"), ...target]);
    expect(leaks.err).toMatch(/to leave it out: churnkit validate .* --ignore refund\n/);
  });

  it("refuses what is no column, the target and an id", async () => {
    const file = at("customers.csv");
    await expect(runVerb(validate, ["validate", file, "--ignore", "refnud"])).rejects.toThrow(
      /no column "refnud" to ignore\. Did you mean "refund"\?/,
    );
    await expect(runVerb(validate, ["validate", file, ...target, "--ignore", "Churn"])).rejects.toThrow(
      /"Churn" cannot be ignored: it is the target/,
    );
    await expect(
      runVerb(validate, ["validate", file, "--contract", at("model/contract.json"), "--ignore", "Churn"]),
    ).rejects.toThrow(/it is the target/);
  });
});

describe("names of columns", () => {
  it("are read as a line of CSV, whatever they hold, and added to by a repeated option", () => {
    expect(columnsOption("a , b,c")).toEqual(["a", "b", "c"]);
    expect(columnsOption("d", columnsOption('"a, ""b""" ,c'))).toEqual(['a, "b"', "c", "d"]);
    expect(columnsOption('5" pipe,"x"y,')).toEqual(['5" pipe', '"x"y', ""]);
    const name = fc.string({ unit: fc.constantFrom("a", ",", '"', " ", "\n", "é") });
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (names) => {
        expect(columnsOption(columnList(names))).toEqual(names);
      }),
    );
  });

  it("with a comma leave the features by --ignore", async () => {
    writeFileSync(at("comma.csv"), '"spend, total",plan,churn\n1,a,Yes\n2,b,No\n3,a,No\n');
    const made = await runVerb(init, [
      "init",
      at("comma.csv"),
      "--ignore",
      '"spend, total",plan',
      "--out",
      at("comma.json"),
      "--json",
    ]);
    expect(
      (fields(made)["columns"] as { name: string; role: string }[])
        .filter(({ role }) => role === "ignored")
        .map(({ name }) => name),
    ).toEqual(["spend, total", "plan"]);
  });
});

describe("--test", () => {
  it("keeps the same share of each class out of training", async () => {
    const held = fields(await trained("held", "--ignore", "refund", "--test", "0.2"));
    expect(held).toMatchObject({ rows: 240, judgedOn: "test rows", test: { rows: 60 } });
  });

  it("takes the latest rows by time", async () => {
    await trained("timed", "--ignore", "refund,since", "--test", "0.1", "--time", "since");
    const { metrics, provenance } = {
      metrics: JSON.parse(readFileSync(at("timed/metrics.json"), "utf8")) as { rows: number },
      provenance: JSON.parse(readFileSync(at("timed/provenance.json"), "utf8")) as { rows: { train: number } },
    };
    expect([metrics.rows, provenance.rows.train]).toEqual([270, 270]);
    const first = `${[header, ...lines.slice(0, 270)].join("\n")}\n`;
    writeFileSync(at("first.csv"), first);
    await runVerb(train, ["train", at("first.csv"), ...quick, "--out", at("first"), "--ignore", "refund,since"]);
    expect(readFileSync(at("timed/scorer.json"))).toEqual(readFileSync(at("first/scorer.json")));
  });

  it("says which metrics test rows of one class cannot have", async () => {
    const stayed = lines.flatMap((line, i) => (line.endsWith(",No") ? [i] : [])).slice(0, 9);
    writeFileSync(at("stayed.json"), JSON.stringify(stayed));
    const { notes, test } = fields(await trained("one", "--ignore", "refund", "--test-rows", at("stayed.json")));
    expect(test).toMatchObject({ rows: 9, auc: null });
    expect(notes).toEqual([expect.stringMatching(/^none of 9 rows is positive, so there is no AUC/)]);
  });

  it("refuses what goes with nothing or with two things", async () => {
    writeFileSync(at("rows.json"), "[1, 2, 3]");
    await expect(trained("no", "--time", "since")).rejects.toThrow(/it needs --test/);
    await expect(trained("no", "--test", "0.2", "--test-rows", at("rows.json"))).rejects.toThrow(/not both/);
    await expect(trained("no", "--test", "0.2", "--time", "sicne")).rejects.toThrow(/no column "sicne" to split by/);
    await expect(trained("no", "--test", "20")).rejects.toThrow(/share above 0 and below 1/);
    expect(existsSync(at("no"))).toBe(false);
  });
});

describe("--threshold and --costs", () => {
  it("train chooses the threshold by them", async () => {
    expect(fields(await trained("given", "--ignore", "refund", "--threshold", "0.3"))).toMatchObject({
      test: { threshold: 0.3 },
    });
    const costs = fields(await trained("costs", "--ignore", "refund", "--costs", "fn=500,fp=50"));
    expect((costs["test"] as { threshold: number }).threshold).toBeLessThan(0.2);
    expect(JSON.parse(readFileSync(at("costs/decision.json"), "utf8"))).toMatchObject({
      decision: { rule: "cost", costs: { falseNegative: 500, falsePositive: 50 } },
    });
  });

  it("evaluate and predict apply them instead of the model's own", async () => {
    const judge = async (...args: string[]): Promise<Ran> =>
      runVerb(evaluate, ["evaluate", at("model"), at("customers.csv"), ...args]);
    expect(fields(await judge("--json", "--threshold", "0"))).toMatchObject({ threshold: 0, recall: 1 });
    const { threshold, saved } = fields(await judge("--json", "--costs", "fp=50, fn=450"));
    expect([threshold, saved]).toEqual([0.1, expect.any(Number)]);
    expect((await judge("--costs", "fn=450,fp=50")).out).toMatch(
      /missed at 450 each and \d+ needless calls at 50 each; saves \d+ compared with calling nobody\n$/,
    );
    const summary = fields(
      await runVerb(predict, [
        "predict",
        at("model"),
        at("customers.csv"),
        "--threshold",
        "0",
        "--out",
        at("all.csv"),
        "--json",
      ]),
    );
    expect(summary).toEqual({ rows: 300, rejected: 0, positives: 300, threshold: 0, out: at("all.csv") });
  });

  it.each(["fn=500", "fn=500,fp=x", "fn=-1,fp=2", "fn=0,fp=0", "500,50", "fn=1,fp=2,fx=3"])(
    "refuses the costs %s",
    async (costs) => {
      await expect(
        runVerb(evaluate, ["evaluate", at("model"), at("customers.csv"), "--costs", costs]),
      ).rejects.toMatchObject({ code: "commander.invalidArgument" });
    },
  );
});

it("predict numbers the rows where there is no id", async () => {
  writeFileSync(at("some.csv"), `${[header, lines[0], "a,b", lines[2]].join("\n")}\n`);
  const { out } = await runVerb(predict, ["predict", at("model"), at("some.csv")]);
  expect(out.split("\n").map((line) => line.split(",")[0])).toEqual(["row", "0", "1", "2", ""]);
});

it("predict prints no summary into the scores", () =>
  expect(runVerb(predict, ["predict", at("model"), at("customers.csv"), "--json"])).rejects.toThrow(
    /Use --out FILE with --json/,
  ));

it("init overwrites a file only with --force", async () => {
  const args = ["init", at("customers.csv"), "--out", at("kept.json")];
  await runVerb(init, args);
  writeFileSync(at("kept.json"), "edited");
  await expect(runVerb(init, args)).rejects.toThrow(/already exists, perhaps with edits\. Use --force/);
  expect(readFileSync(at("kept.json"), "utf8")).toBe("edited");
  await runVerb(init, [...args, "--force"]);
  expect(readFileSync(at("kept.json"), "utf8")).toMatch(/^\{/);
});

it("sample overwrites no file that is there, and writes no other format than it says", async () => {
  const args = ["sample", at("sample.csv"), "--rows", "5"];
  writeFileSync(at("sample.csv"), "my own");
  await expect(runVerb(sample, args)).rejects.toThrow(/sample\.csv already exists\. Use --force/);
  expect(readFileSync(at("sample.csv"), "utf8")).toBe("my own");
  await runVerb(sample, [...args, "--force"]);
  expect(readFileSync(at("sample.csv"), "utf8")).toMatch(/^customerId,/);
  await expect(runVerb(sample, ["sample", at("sample.xlsx")])).rejects.toThrow(/must end in \.csv or \.jsonl/);
});

it("says where a model is no better than chance", async () => {
  const noise = lines.map((line, i) =>
    line.replace(/(Yes|No)$/, (Math.imul(i + 77, 0x85ebca6b) >>> 9) % 10 < 4 ? "Yes" : "No"),
  );
  writeFileSync(at("noise.csv"), `${[header, ...noise].join("\n")}\n`);
  const { out } = await runVerb(train, [
    "train",
    at("noise.csv"),
    ...target,
    "--learner",
    "logistic",
    "--ignore",
    "refund",
    "--out",
    at("noise"),
  ]);
  expect(out).toMatch(
    /^no better than chance: the 95 % interval of the AUC, 0\.\d+ to 0\.\d+, (includes|is below) 0\.5\n/,
  );
  expect(fields(await runVerb(evaluate, ["evaluate", at("model"), at("customers.csv"), "--json"]))["notes"]).toEqual(
    [],
  );
  const judged = fields(
    await runVerb(evaluate, ["evaluate", at("model"), at("noise.csv"), "--json", "--html", at("noise.html")]),
  );
  expect(judged["notes"]).toEqual([expect.stringMatching(/than chance/)]);
  expect(readFileSync(at("noise.html"), "utf8")).toMatch(/than chance/);
});

describe("usage errors", () => {
  const program = new Command("churnkit");
  train(program);
  it.each([
    [
      "error: unknown command 'trian'\n(Did you mean train?)\n",
      ["trian"],
      "unknown command 'trian'; did you mean train?",
    ],
    [
      "error: required option '--out <dir>' not specified\n",
      ["train", "f", "--uot=m"],
      "unknown option '--uot'; did you mean --out?",
    ],
    [
      "error: required option '--out <dir>' not specified\n",
      ["train", "f", "--frobnicate"],
      "unknown option '--frobnicate'",
    ],
    [
      "error: required option '--out <dir>' not specified\n",
      ["train", "f", "--json"],
      "required option '--out <dir>' not specified",
    ],
  ])("%j", (text, args, said) =>
    expect(usageError(text, program, args)).toBe(`churnkit: ${said} (add --help for usage)\n`),
  );
});

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/explain.js";
import { register as train } from "../../src/cli/commands/train.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";
import { header, put, quick, rows } from "./customers.js";

const folder = newFolder();
const at = (name: string): string => join(folder, name);
const explained = (...args: string[]): Promise<Ran> =>
  runVerb(register, ["explain", at("model"), at("customers.csv"), ...args]);

interface Explained {
  readonly base: number;
  readonly rows: number;
  readonly importance: readonly { readonly column: string; readonly share: number }[];
  readonly customers: readonly {
    readonly customer: string;
    readonly row: number;
    readonly probability: number;
    readonly logOdds: number;
    readonly others: number;
    readonly reasons: readonly { readonly logOdds: number }[];
  }[];
}

const fields = ({ out }: Ran): Explained => JSON.parse(out) as Explained;

beforeAll(async () => {
  put(folder, "customers.csv", [header, ...rows(300)]);
  await runVerb(train, ["train", at("customers.csv"), ...quick, "--out", at("model")]);
});

describe("churnkit explain", () => {
  it("ranks the columns, and explains those with the highest probability, whose reasons add up to their log odds", async () => {
    const { base, rows: judged, importance, customers } = fields(await explained("--json", "--rows", "100"));
    expect([judged, importance[0]?.column, customers.length]).toEqual([100, "tenure", 5]);
    expect(importance.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(customers.map(({ probability }) => probability)).toEqual(
      customers.map(({ probability }) => probability).toSorted((a, b) => b - a),
    );
    for (const { logOdds, others, reasons, probability } of customers) {
      expect(base + others + reasons.reduce((sum, reason) => sum + reason.logOdds, 0)).toBeCloseTo(logOdds, 9);
      expect(1 / (1 + Math.exp(-logOdds))).toBeCloseTo(probability, 12);
    }
  });

  it("explains the other class, with the opposite signs", async () => {
    const ofNo = fields(await explained("--json", "--customer", "7", "--class", "No"));
    const ofYes = fields(await explained("--json", "--customer", "7"));
    expect(ofNo).toMatchObject({ class: "No", base: -ofYes.base, importance: ofYes.importance });
    expect(ofNo.customers[0]?.logOdds).toBe(-(ofYes.customers[0]?.logOdds ?? NaN));
    const { out } = await explained("--customer", "7", "--class", "No", "--partial", "tenure", "--counterfactuals");
    expect(out).toMatch(/tenure of 65 raises the chance of "No" \(log odds \+/);
    expect(out).toMatch(/with tenure \d+ instead of 65: probability 0\.4/);
    await expect(explained("--class", "Maybe")).rejects.toThrow('no class "Maybe". Use one of "No", "Yes"');
  });

  it("explains customers by id, in words", async () => {
    const { out } = await explained("--customer", "7", "--customer", "120");
    expect(out).toMatch(/^what moves the probability of Yes, over 300 rows[^]*\ntenure +0\.\d{4} +\d+\.\d %\n/);
    expect(out).toMatch(
      /\ncustomer 7: probability 0\.\d{4}\n {2}tenure of 65 lowers the risk \(log odds -\d\.\d\d\)\n[^]*\ncustomer 120: /,
    );
    await expect(explained("--customer", "A7")).rejects.toThrow(
      /has no customer "A7" that can be scored\. The first is "0"/,
    );
  });

  it("names customers by their row where there is no id, and takes real customers as the background", async () => {
    writeFileSync(at("few.csv"), "tenure,plan\n3,a\nx,b\n60,c\n");
    const { out, err } = await runVerb(register, [
      "explain",
      at("model"),
      at("few.csv"),
      "--customer",
      "2",
      "--background",
      at("customers.csv"),
      "--json",
    ]);
    expect(fields({ out, err, code: 0 }).customers).toMatchObject([{ customer: "2", row: 2 }]);
    expect(err).toMatch(/1 of 3 rows set aside/);
  });

  it("scores changed rows: partial dependence, shuffled columns, counterfactuals, LIME", async () => {
    const asked = [
      "--partial",
      "tenure,plan",
      "--permutation",
      "--counterfactuals",
      "--lime",
      "--limit",
      "2",
      "--rows",
      "80",
    ];
    const { out } = await explained(...asked, "--fixed", "plan", "--up", "tenure");
    expect(out).toMatch(
      /\nmean probability of 80 rows by tenure\n +0 +0\.\d{4}\n[^]*\nmean probability of 80 rows by plan\na +0\.\d{4}\n/,
    );
    expect(out).toMatch(
      /\nhow much the log loss rises when a column is shuffled, over 80 rows, with its standard error\ntenure +0\.\d{4} +0\.\d{4}\n/,
    );
    expect(out).toMatch(/\nSHAP beside LIME, over 50 rows[^]*\ntenure +\d\.\d{4} +\d\.\d{4}\n/);
    expect(out).toMatch(
      /\ncustomer \d+: probability [^]*\n {2}with tenure \d+ instead of \d+: probability 0\.\d{4}, below the threshold of 0\.\d{4}\n/,
    );
    const { partial, customers } = JSON.parse((await explained(...asked, "--json")).out) as {
      partial: { column: string; grid: unknown[]; mean: number[] }[];
      customers: { counterfactuals: { outcome: string } }[];
    };
    expect(partial.map(({ column, grid, mean }) => [column, grid.length === mean.length])).toEqual([
      ["tenure", true],
      ["plan", true],
    ]);
    expect(customers.map(({ counterfactuals: { outcome } }) => outcome)).toEqual(["found", "found"]);
    await expect(explained("--counterfactuals", "--fixed", "nothing")).rejects.toThrow(/fixed names "nothing"/);
    await expect(explained("--counterfactuals", "--up", "plan,tenure", "--down", "tenure")).rejects.toThrow(
      /"tenure" is named by --up and by --down/,
    );
    await expect(explained("--counterfactuals", "--fixed", "tenur")).rejects.toThrow(/Did you mean "tenure"\?$/);
    await expect(explained("--up", "tenure")).rejects.toThrow(/^--up applies to counterfactuals/);
  });

  it("writes a page of all that the file allows", async () => {
    const { out } = await explained("--html", at("why.html"), "--limit", "2", "--json");
    expect(Object.keys(JSON.parse(out) as object)).toEqual([
      "class",
      "method",
      "base",
      "rows",
      "importance",
      "customers",
    ]);
    expect(out).not.toMatch(/counterfactuals/);
    const page = readFileSync(at("why.html"), "utf8");
    expect(page).toMatch(/Why customers predicts this[^]*<svg[^]*customer \d+: probability[^]*raises the risk/);
    expect([...page.matchAll(/<h2[^>]*>([^<]*)/g)].map(([, title]) => title)).toEqual([
      "Over all customers",
      "How scores depend on single columns",
      "What the model needs",
      "SHAP beside LIME",
      "Single customers",
    ]);
    expect(page).toMatch(/Changes that would bring the probability below 0\.\d{4}[^]*tenure: \d+ → \d+/);
  });
});

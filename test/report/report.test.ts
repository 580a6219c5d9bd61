import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { policies } from "../../src/drift/policy.js";
import { distributionPlot } from "../../src/report/plots/distribution.js";
import { drawPlot } from "../../src/report/plot.js";
import { driftSections } from "../../src/report/drift-sections.js";
import { escapeHtml, renderReport } from "../../src/report/render.js";
import { evaluationSections } from "../../src/report/model-sections.js";
import type { Report } from "../../src/report/sections.js";
import { compareTables } from "../../src/drift/index.js";
import { classEvaluation } from "../../src/model/evaluate/evaluate-classes.js";
import { evaluateScores } from "../../src/model/evaluate/evaluate-scores.js";
import { driftReportHtml, evaluationReportHtml, explanationReportHtml } from "../../src/report/index.js";
import { tableOf } from "../drift/tables.js";

const HOSTILE = [
  `<script>alert(1)</script>`,
  `"]; alert(1); ["`,
  `</style><img src=x onerror=alert(1)>`,
  "\\\" + datum \u2028 ' \u0000 &amp;",
  "__proto__",
  "a.b[0]\\.c",
];

/** Markup balanced and only of known elements, nothing to load and nothing to run. */
function expectSafe(html: string): void {
  expect(html).not.toMatch(/<(script|img|iframe|object|embed|link|base|foreignObject|image|use)\b/i);
  expect(html).not.toMatch(/\bon[a-z]+\s*=\s*["']/i);
  expect(html.replace(/xmlns(:\w+)?="[^"]*"/g, "")).not.toMatch(/(https?:)?\/\/|javascript:|url\((?!#)|@import/i);
  const open: string[] = [];
  const empty = new Set(["meta", "!doctype"]);
  for (const [, slash, name = "", rest = ""] of html.matchAll(
    /<(\/?)([a-zA-Z!][\w:-]*)((?:"[^"]*"|'[^']*'|[^'">])*)>/g,
  )) {
    if (slash === "/") expect(open.pop()).toBe(name);
    else if (!empty.has(name.toLowerCase()) && !rest.endsWith("/")) open.push(name);
  }
  expect(open).toEqual([]);
}

function evaluation(seed: number, positives: "some" | "none" = "some") {
  const random = uniform(seed);
  const n = 400;
  const scores = Float64Array.from({ length: n }, () => random());
  const labels = Uint8Array.from(scores, (score) => (positives === "some" && random() < score ? 1 : 0));
  return evaluateScores(labels, scores, {
    threshold: 0.4,
    costs: { falseNegative: 500, falsePositive: 50 },
    bootstrap: { resamples: 20 },
  });
}

function hostileDrift() {
  const random = uniform(4);
  const columns = (shift: number) =>
    tableOf(
      Object.fromEntries(
        HOSTILE.map((name, i) => [
          name,
          i % 2 === 0
            ? Array.from({ length: 300 }, () => random() + shift)
            : Array.from({ length: 300 }, () => HOSTILE[Math.floor(random() ** (1 + shift) * HOSTILE.length)] ?? null),
        ]),
      ),
    );
  return compareTables(columns(0), columns(0.7));
}

describe("reports", () => {
  it("say that p-values are corrected where they are", async () => {
    const report = hostileDrift();
    expect(await driftReportHtml(report)).toContain("corrected over all columns, is at most 0.01");
    expect(await driftReportHtml(report, { policy: policies.ks })).toContain("when its p-value is at most 0.05");
  });

  it("are one safe page whatever names and levels hold, and equal for equal input", async () => {
    const drift = hostileDrift();
    expect(drift.columns.every(({ verdict }) => verdict === "drift")).toBe(true);
    const models = [
      { name: HOSTILE[0] ?? "", evaluation: evaluation(1) },
      { name: "baseline", evaluation: evaluation(2) },
    ];
    const epochs = Array.from({ length: 5 }, (_, i) => ({
      loss: 1 / (i + 1),
      validationLoss: 1 / (i + 2),
      validationAuc: null,
    }));
    const report: Report = {
      title: HOSTILE[2] ?? "",
      subtitle: HOSTILE[1],
      sections: [
        {
          title: HOSTILE[0] ?? "",
          blocks: [
            { kind: "text", text: HOSTILE.join(" ") },
            { kind: "gates", gates: [{ name: HOSTILE[0] ?? "", passed: false, detail: HOSTILE[2] ?? "" }] },
            { kind: "commands", commands: HOSTILE.map((command) => ({ command, purpose: command })) },
          ],
        },
        ...evaluationSections(models, { history: [epochs, epochs] }),
        ...driftSections(drift),
      ],
    };
    const html = await renderReport(report);
    expectSafe(html);
    expect(html).toContain("default-src 'none'");
    expect(html.match(/<svg/g)?.length).toBe(8 + 1 + 6);
    const ids = [...html.matchAll(/\bid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await renderReport(report)).toBe(html);
  });

  it("show curves, metrics and intervals", async () => {
    const html = await renderReport({
      title: "t",
      sections: evaluationSections([{ name: "network", evaluation: evaluation(1) }]),
    });
    for (const text of [
      "ROC",
      "Precision and recall",
      "Calibration",
      "Gains",
      "Lift by tenth",
      "Profit by threshold",
      "Confusion matrix",
      "95 %:",
    ]) {
      expect(html).toContain(text);
    }
  });

  it("show the confusion matrix of several classes, whatever they are called, while it has room on a page", async () => {
    const page = (classes: readonly string[]): Promise<string> => {
      const codes = Uint8Array.from({ length: 60 }, (_, i) => i % classes.length);
      const all = Float64Array.from({ length: 60 * classes.length }, () => 1 / classes.length);
      const own = { ...evaluation(1), classes: classEvaluation(classes, codes, all) };
      return evaluationReportHtml(own, { name: "churn", rows: "r.csv" });
    };
    const few = await page(HOSTILE);
    expectSafe(few);
    expect(few).toContain("Confusion matrix of all classes");
    expect(few).toContain("by their most probable class (across)");
    const many = await page(Array.from({ length: 21 }, (_, i) => `class ${i}`));
    expect(many).toContain("class 20");
    expect(many).not.toMatch(/Confusion matrix of all classes|by their most probable class/);
  });

  it("show the reliability before calibration beside the one after it", async () => {
    const [after, before] = [evaluation(1), evaluation(2)];
    const page = await evaluationReportHtml(after, { name: "churn", rows: "r.csv", uncalibrated: before.reliability });
    expect(page).toContain("churn, before calibration");
    expect(await evaluationReportHtml(after, { name: "churn", rows: "r.csv" })).not.toContain("before calibration");
  });

  it("leave out what has no value: one class, no costs, no columns", async () => {
    const one = evaluation(3, "none");
    const html = await renderReport({
      title: "t",
      sections: evaluationSections([{ name: "m", evaluation: { ...one, profit: null } }]),
    });
    expect(html).not.toContain("<strong>ROC");
    expect(html).not.toContain("Profit by threshold");
    expect(html).toContain("–");
    expect(html).not.toMatch(/NaN|undefined/);
    expect(evaluationSections([])).toEqual([]);
    const nothing = await driftReportHtml(compareTables(tableOf({}), tableOf({})));
    expect(nothing).toContain("There are no columns to compare.");
    expectSafe(nothing);
  });

  it("tell stable and insufficient columns, missing ones and broken rows", async () => {
    const values = Array.from({ length: 300 }, (_, i) => i % 37);
    const calm = await driftReportHtml(compareTables(tableOf({ x: values }), tableOf({ x: values })), {
      reference: "may.csv",
    });
    expect(calm).toContain("stable");
    expect(calm).toContain("may.csv");
    const few = await driftReportHtml(compareTables(tableOf({ x: values }), tableOf({ x: [1] })));
    expect(few).toContain("insufficient");
    const rows = tableOf({ x: values });
    const rejected = Array.from({ length: 300 }, (_, row) => ({ row, issues: [] }));
    expect(await driftReportHtml(compareTables(rows, { ...rows, rejected }))).toContain("rows that break the contract");
    for (const html of [calm, few]) expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("draw histograms, dates, few values and very many levels", async () => {
    const random = uniform(8);
    const numbers = (n: number) => Array.from({ length: n }, () => random() ** 3 * 100);
    const cities = () => Array.from({ length: 2000 }, () => `city ${Math.floor(random() ** 2 * 60)}`);
    const report = compareTables(
      tableOf({ amount: numbers(2000), city: cities(), flag: numbers(2000).map((x) => (x > 50 ? 1 : 0)) }),
      tableOf({ amount: numbers(1500), city: cities().slice(500), flag: numbers(1500).map((x) => (x > 60 ? 1 : 0)) }),
    );
    for (const column of report.columns) {
      for (const sample of ["reference", "current"] as const) {
        expect(column.distribution.reduce((sum, bin) => sum + bin[sample], 0)).toBeCloseTo(1, 9);
      }
      const svg = await drawPlot(
        distributionPlot({ ...column, kind: column.name === "amount" ? "date" : column.kind }).spec,
      );
      expectSafe(svg);
    }
    const [amount, city, flag] = report.columns;
    expect(amount?.distribution).toHaveLength(20);
    expect(flag?.distribution).toHaveLength(2);
    expect(await drawPlot(distributionPlot(city ?? report.columns[0] ?? never()).spec)).toContain("others)");
  });

  it("escape every character that HTML reads", () => {
    expect(escapeHtml(`<a href="x">'&\u0007`)).toBe("&lt;a href=&quot;x&quot;&gt;&#39;&amp; ");
  });

  it("refuse to load anything into a plot", async () => {
    const points = (data: object) => drawPlot({ data, mark: "point" });
    expect(await points({ values: [{ a: 1 }] })).toContain('stroke="#4c78a8"');
    expect(await points({ url: join(import.meta.dirname, "../../tsconfig.json") })).not.toContain('stroke="#4c78a8"');
  });
});

function never(): never {
  throw new Error("no column");
}

describe("an explanation page", () => {
  const partial = (column: string, grid: readonly (string | number | null)[]) => ({
    column,
    grid,
    mean: Float64Array.from(grid, (_, i) => i / 10),
    rows: 60,
    curves: Float64Array.from({ length: 60 * grid.length }, (_, i) => (i % 7) / 10),
    scale: "probability" as const,
    centered: false,
  });
  const importance = HOSTILE.map((column) => ({ column, meanAbsolute: 0.5, standardError: 0.1, share: 0.2 }));
  const way = { changes: HOSTILE.map((column) => ({ column, from: null, to: column })), probability: 0.2, distance: 1 };
  const score = { probability: 0.7, logOdds: 0.8, base: 0, reasons: [], others: 0.8, issues: [] };
  const found = { probability: 0.7, below: 0.4, issues: [], options: [], best: null };

  it("draws curves of numbers and dates, bars of labels, and nothing that a name smuggles in", async () => {
    const page = await explanationReportHtml({
      name: "churn",
      source: "customers.csv",
      rows: 60,
      importance,
      partial: [
        partial(HOSTILE[0] ?? "", [1, 2, 5]),
        partial("since", ["2023-01-01", "2023-06-01", "2024-01-01"]),
        partial("plan", [...HOSTILE, null]),
      ],
      permutation: HOSTILE.map((column, i) => ({ columns: [column, "b"], worsening: i - 2, standardError: 0.1 })),
      lime: { rows: 50, shap: importance, lime: importance.slice(1) },
      customers: [
        { name: "a", score, counterfactuals: { ...found, outcome: "found", options: [way] } },
        { name: "b", score, counterfactuals: { ...found, outcome: "notFound", best: way } },
        { name: "c", score, counterfactuals: { ...found, outcome: "notFound" } },
        { name: "d", score, counterfactuals: { ...found, outcome: "already" } },
      ],
    });
    expectSafe(page);
    expect(page.match(/<svg/g)).toHaveLength(5);
    expect(page).not.toMatch(/NaN|undefined/);
    expect(page).toMatch(/missing<\/text>/);
    expect(page).toMatch(/Changes that would bring the probability below 0\.4000/);
    expect(page).toMatch(/these come nearest[^]*No change that was tried lowers[^]*is below 0\.4000 as it is/);
  });
});

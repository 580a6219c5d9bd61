import { join } from "node:path";
import { writeFileAtomic } from "../../io/atomic.js";
import { driftSections } from "../../report/drift-sections.js";
import { evaluationSections } from "../../report/model-sections.js";
import { monitorSections } from "../../report/monitor-report.js";
import { renderReport } from "../../report/render.js";
import type { GateVerdict } from "../../registry/gates/index.js";
import type { Command } from "../../report/sections.js";
import type { MainJobResult } from "./main-job.js";

/** Commands worth trying after the job, on its output. */
export function nextCommands({ folder, opened, bundle }: MainJobResult): Command[] {
  return [
    {
      command: `npx churnkit registry history --store ${join(folder, "registry")}`,
      purpose: "who promoted what, and why",
    },
    {
      command: `npx churnkit predict ${bundle} ${opened.path} --out ${join(folder, "scores.csv")}`,
      purpose: "score a file",
    },
    { command: `npx churnkit serve ${bundle} --port 8080`, purpose: "answer POST /predict" },
  ];
}

/** Writes the job's report, one HTML page, and returns its path. */
export async function writeReport(result: MainJobResult): Promise<string> {
  const path = join(result.folder, "report.html");
  const { evaluation, baselineEvaluation, model, drift, watched, verdict, challengerVerdict, badVerdict, opened } =
    result;
  const verdicts: readonly (readonly [string, GateVerdict])[] = [
    ["first model", verdict],
    ["challenger after drift", challengerVerdict],
    ["model trained on wrong labels", badVerdict],
  ];
  const best = opened.best;
  const html = await renderReport({
    title: "From customers to a served model",
    subtitle: opened.path,
    sections: [
      ...evaluationSections(
        [
          {
            name:
              model.artifact.model.kind === "ensemble"
                ? `${model.artifact.model.members.length} networks`
                : "one network",
            evaluation,
          },
          ...(baselineEvaluation ? [{ name: "logistic", evaluation: baselineEvaluation }] : []),
        ],
        { history: model.history },
      ),
      {
        title: "Gates",
        blocks: [
          ...(best
            ? [
                {
                  kind: "text" as const,
                  text: `The true probabilities are known here. The best any model can reach: accuracy ${best.accuracy.toFixed(4)}, F1 ${best.f1.toFixed(4)}, AUC ${best.auc.toFixed(4)}.`,
                },
              ]
            : []),
          {
            kind: "gates",
            gates: verdicts.map(([name, { passed, checks }]) => {
              const failed = checks.filter((check) => !check.passed);
              return {
                name,
                passed,
                detail: failed.length === 0 ? `${checks.length} checks` : failed.map(({ reason }) => reason).join("; "),
              };
            }),
          },
          {
            kind: "details",
            summary: "Every check",
            blocks: [
              {
                kind: "gates",
                gates: verdicts.flatMap(([model, { checks }]) =>
                  checks.map(({ reason, passed }) => ({ name: model, passed, detail: reason })),
                ),
              },
            ],
          },
        ],
      },
      ...monitorSections(watched),
      ...driftSections(drift, { reference: "training rows", current: "later rows" }),
      { title: "Next", blocks: [{ kind: "commands", commands: nextCommands(result) }] },
    ],
  });
  await writeFileAtomic(path, html);
  return path;
}

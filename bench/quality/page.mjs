import { availableParallelism } from "node:os";
import { readFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const titles = {
  "telco-churn": "Telco (7,043 rows)",
  "bank-churn": "Bank (10,000 rows)",
  cell2cell: "cell2cell (51,047 rows)",
};
const ours = new Set(["auto", "boosting", "network", "forest", "logistic"]);

const figure = (value, digits = 4) => (value === undefined || Number.isNaN(value) ? "" : value.toFixed(digits));
const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const gap = ({ mean, error }) =>
  `${mean < 0 ? "" : "+"}${mean.toFixed(4)}${error === undefined ? "" : ` (${error.toFixed(4)})`}`;
const name = (model) => (ours.has(model) ? `**churnkit ${model}**` : model);

function setSection({ set, models, differences }) {
  const rows = [...models]
    .sort((a, b) => b.auc - a.auc)
    .map((model) => [
      name(model.model),
      (model.kinds ?? []).join(", "),
      model.splits,
      ...["auc", "logLoss", "brier", "accuracy", "f1"].map((measure) => figure(model[measure])),
      figure(model.calibration),
      figure(model.seconds, 0),
    ]);
  const head = ["model", "kind", "splits", "AUC", "log loss", "Brier", "accuracy", "F1", "calibration", "seconds"];
  return [
    `## ${titles[set] ?? set}`,
    table(head, rows),
    "`auto` less each other model, on the same splits (paired standard error):",
    table(
      ["model", "splits", "AUC", "log loss"],
      differences.map(({ model, splits, auc, logLoss }) => [name(model), splits, gap(auc), gap(logLoss)]),
    ),
  ].join("\n\n");
}

/** What AutoGluon was given, if it was measured. */
const autogluon = (sets, seconds) =>
  sets.some(({ models }) => models.some(({ model }) => model === "AutoGluon"))
    ? ` AutoGluon had its \`best_quality\` preset and ${seconds} seconds.`
    : "";

/** How near `auto` comes to the best possible model, where that is known. */
function knownSection({ rows, testRows, presets, seconds, auc, logLoss, best }) {
  const line = (title, own) => [title, figure(own.auc), figure(own.logLoss)];
  const less = { auc: auc - best.auc, logLoss: logLoss - best.logLoss };
  return `## Made-up customers

\`churnkit sample\` makes customers whose true probabilities of leaving are known. \`auto\` was trained on ${rows.toLocaleString("en-US")} of them in
${figure(seconds, 0)} s (${presets} presets), and tested on ${testRows.toLocaleString("en-US")} others:

${table(
  ["", "AUC", "log loss"],
  [line("**churnkit auto**", { auc, logLoss }), line("the true probabilities", best), line("difference", less)],
)}
`;
}

/** The page with every figure, as Markdown. */
export function page({ sets, ranks }, { command, seconds, truth }) {
  const date = new Date().toISOString().slice(0, 10);
  return `# How good are the models?

This page compares churnkit's learners with their peers on public churn data sets. \`npm run bench:quality\` writes it.
${date}, churnkit ${version}, Node ${process.version.slice(1)}, ${availableParallelism()} cores:

\`\`\`sh
${command}
\`\`\`

- Each set has five fixed splits: four fifths of the rows train the model, and one fifth tests it. Every figure is the mean
  over the test rows of the splits that the table names.
- No model saw its test rows. Each learner ran as \`churnkit train\` runs it, with its defaults and seed 0.
- The presets of \`auto\` were chosen by cross-validation on the training rows of splits 0 and 1 of Telco and Bank. Its search
  for ratios was tried out on the training rows of split 0 of cell2cell. Some of these are test rows of the other splits, so
  its figures are not fully blind to these sets.
- Accuracy and F1 are those at a threshold of 0.5. Calibration is the debiased calibration error over all splits together.
- The kind says whether one model was measured, an ensemble of one learner, or a stack of several.
- Seconds are wall time of one training.${autogluon(sets, seconds)}
- The peers without a kind come with the data: scikit-learn, XGBoost, LightGBM, CatBoost and PyTorch on the same splits, one
  model each. XGBoostRS30 is the best of 30 random settings.

**On Telco, no honest model reaches accuracy 84 % together with F1 0.79.** The table shows what is reachable. To see how such
figures come about, read [evaluation.md](evaluation.md).

${sets.map(setSection).join("\n\n")}

${truth ? knownSection(truth) : ""}
## Mean rank

The mean of the ranks in AUC and log loss over the sets where a model was measured. Lower is better.

${table(
  ["model", "mean rank", "sets"],
  ranks.map(({ model, rank, sets: count }) => [name(model), rank.toFixed(2), count]),
)}
`;
}

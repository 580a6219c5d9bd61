// Quality on the fixed splits of the shared data sets, ours beside AutoGluon on the same splits and beside the peers whose
// figures come with the data; and `auto` on made-up customers beside their true probabilities (`--known 0` leaves them out).
// Prints the tables and writes docs/quality.md. What this very build measured is kept in .cache/quality, so a run that is cut
// off goes on where it was.
//
//   npm run bench:quality -- [--learners auto,boosting,network,forest,logistic] [--sets telco-churn,bank-churn,cell2cell]
//                            [--splits 0,1,2,3,4] [--autogluon venv/bin/python] [--seconds 300]
//                            [--autogluon-sets telco-churn,bank-churn] [--known 50000] [--page docs/quality.md]
//
// AutoGluon needs a venv of its own: pip install "autogluon.tabular[lightgbm,catboost,xgboost,fastai]==1.6.3".
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { format } from "oxfmt";
import { autogluon } from "./quality/autogluon.mjs";
import { keeper } from "./quality/kept.mjs";
import { known } from "./quality/known.mjs";
import { ours } from "./quality/ours.mjs";
import { page } from "./quality/page.mjs";
import { peerTables } from "./quality/peers.mjs";
import { summary } from "./quality/summary.mjs";

const { values } = parseArgs({
  options: {
    learners: { type: "string", default: "auto,boosting,network,forest,logistic" },
    sets: { type: "string", default: "telco-churn,bank-churn,cell2cell" },
    splits: { type: "string", default: "0,1,2,3,4" },
    autogluon: { type: "string" },
    "autogluon-sets": { type: "string" },
    seconds: { type: "string", default: "300" },
    known: { type: "string", default: "50000" },
    data: { type: "string", default: "../shared/data" },
    page: { type: "string", default: "docs/quality.md" },
  },
});
if (!existsSync(values.data)) {
  console.log(`skipped: no data sets at ${values.data}`);
  process.exit(0);
}
const listed = (text) => text.split(",").filter((part) => part !== "");
const sets = JSON.parse(readFileSync(join(values.data, "datasets.json"), "utf8"));
const [learners, seconds] = [listed(values.learners), Number(values.seconds)];
const kept = keeper(".cache/quality");

const measured = [];
for (const name of listed(values.sets)) {
  const set = { ...sets.find((one) => one.name === name), folder: values.data };
  const splits = JSON.parse(readFileSync(join(values.data, "splits", `${name}.json`), "utf8"));
  for (const split of listed(values.splits).map(Number)) {
    for (const learner of learners) {
      const run = await kept(["ours", learner, name, split], () => ours(set, splits[split], learner));
      measured.push({ set: name, split, model: learner, ...run });
    }
    if (values.autogluon !== undefined && listed(values["autogluon-sets"] ?? values.sets).includes(name)) {
      const fit = () => autogluon(values.autogluon, set, splits[split], seconds);
      const run = await kept.forever(["autogluon", seconds, name, split], fit);
      measured.push({ set: name, split, model: "AutoGluon", ...run });
    }
    console.error(`${name}, split ${split}: done`);
  }
}

const rows = Number(values.known);
const truth = rows > 0 ? await kept(["known", rows], () => known(rows)) : undefined;

const command = ["npm run bench:quality --", ...process.argv.slice(2)].join(" ");
const text = page(summary(measured, peerTables(join(values.data, "peer-quality.md"))), { command, seconds, truth });
console.log(text);
writeFileSync(values.page, (await format(values.page, text, { printWidth: 120 })).code);

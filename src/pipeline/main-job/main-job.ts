import { join } from "node:path";
import { ChurnkitError } from "../../base/errors.js";
import { validateTable } from "../../data/quality/index.js";
import { labels, type Table } from "../../data/table/index.js";
import type { DeployRequest, Deployer } from "../../deploy/deployer.js";
import { driftAgainst } from "../../drift/index.js";
import { watchedArtifact } from "../../monitor/baseline/index.js";
import { filesStore } from "../../io/store/index.js";
import { saveBundle } from "../../model/bundle/index.js";
import { evaluate, summarize } from "../../model/evaluate/index.js";
import { type TrainingProgress, logistic } from "../../model/kinds/index.js";
import { train, type TrainedModel } from "../../model/training/index.js";
import { evaluateGate, type Gate, type GateVerdict, gates } from "../../registry/gates/index.js";
import { storeRegistry } from "../../registry/backends/index.js";
import type { ModelRegistry } from "../../registry/registry.js";
import type { ModelVersion } from "../../registry/versions/index.js";
import { pipeline } from "../pipeline.js";
import { checkServing } from "./serve-check.js";
import { retrainingAfter, watchLater } from "./watch.js";
import { halves, openSource, together, withWrongLabels, type MainJobSource } from "./source.js";

/** Options of the main job. */
export interface MainJobInput {
  readonly source: MainJobSource;
  /** Everything the job writes goes below this folder. */
  readonly folder: string;
  readonly seed: number;
  readonly deployer: Deployer;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

const alias = "champion";
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const four = (value: number | null): string => value?.toFixed(4) ?? "-";

/**
 * The whole life of a model as one pipeline: read and validate, train, judge against a baseline and a gate, register,
 * serve, detect that the world has changed and the effect on the model, decide to retrain, retrain, promote the
 * better model, refuse a bad one, roll back.
 */
export function mainJob() {
  return pipeline<MainJobInput>()
    .step("read", async ({ source, folder, seed }, { note }) => {
      const opened = await openSource(source, folder, seed);
      const table = await opened.read();
      note(`${table.rows} customers from ${opened.path}, ${table.rejected.length} set aside`);
      if (opened.best) {
        const { accuracy, f1, auc, rate } = opened.best;
        note(
          `${percent(rate)} churn; the best possible for any model: accuracy ${four(accuracy)}, F1 ${four(f1)}, AUC ${four(auc)}`,
        );
      }
      return { opened, table };
    })
    .step("validate", ({ table }, { note }) => {
      const validation = validateTable(table);
      note(`quality score ${validation.qualityScore.toFixed(3)}, ${validation.findings.length} findings`);
      for (const { message, severity } of validation.findings.slice(0, 3)) note(`${severity}: ${message}`);
      if (!validation.valid)
        throw new ChurnkitError("VALUE_INVALID", `${table.source} breaks its contract; see churnkit validate.`);
      return Promise.resolve({ validation });
    })
    .step("features and training", async ({ opened, table, seed, onProgress }, { note }) => {
      const { training, test, kept } = opened.part(table);
      const model = await train(opened.features, training, { seed, onProgress });
      note(`${training.rows} rows to train on, ${test.rows} for the test; ${describeModel(model)}`);
      return { training, test, kept, model };
    })
    .step("evaluate", ({ model, test, opened }, { note }) => {
      const evaluation = evaluate(model, test);
      const baseline = model.baseline ? evaluate(model.baseline, test) : undefined;
      const line = (name: string, of: typeof evaluation): string =>
        `${name}: AUC ${four(of.values.auc.value)}, log loss ${four(of.values.logLoss.value)}, accuracy ${four(of.values.accuracy.value)}, F1 ${four(of.values.f1.value)}`;
      note(line("network ", evaluation));
      if (baseline) note(line("logistic", baseline));
      if (opened.best)
        note(
          `best possible: AUC ${four(opened.best.auc)}, accuracy ${four(opened.best.accuracy)}, F1 ${four(opened.best.f1)}`,
        );
      return Promise.resolve({ evaluation, baselineEvaluation: baseline });
    })
    .step("gate", ({ model, test, evaluation, baselineEvaluation, source }, { note }) => {
      const gate = source.kind === "synthetic" ? gates.aws : gates.baseline;
      const verdict = judge(gate, model, test, evaluation.values, { baseline: model.baseline });
      sayVerdict(verdict, note);
      // If the network does not beat the baseline, the simpler model is the better one.
      const keepBaseline = !verdict.passed && source.kind === "file" && model.baseline !== undefined;
      if (keepBaseline) note("the simpler model wins: continuing with logistic regression");
      return Promise.resolve({
        verdict,
        keepBaseline,
        chosen: keepBaseline && model.baseline ? model.baseline : model,
        chosenEvaluation: keepBaseline && baselineEvaluation ? baselineEvaluation : evaluation,
      });
    })
    .step(
      "register",
      async (
        { chosen: model, opened, training, verdict: judged, keepBaseline, chosenEvaluation: evaluation, folder },
        { note },
      ) => {
        const verdict = keepBaseline ? undefined : judged;
        const registry = storeRegistry(filesStore(join(folder, "registry")), { name: "churn", by: "main job" });
        const artifact = await watchedArtifact(model, training, { facets: opened.facets });
        const { version } = await registry.register(artifact, { verdict, metrics: summarize(evaluation) });
        const promotion = await registry.promote(version.number, alias, { verdict });
        note(
          promotion.promoted ? `version ${version.number} is the champion` : `refused: ${promotion.reasons.join("; ")}`,
        );
        if (!promotion.promoted)
          throw new ChurnkitError(
            "REGISTRY_REFUSED",
            `The first model did not pass its gate: ${promotion.reasons.join("; ")}`,
          );
        const bundle = join(folder, "model");
        await saveBundle(artifact, bundle);
        return { registry, artifact, first: version, bundle };
      },
    )
    .step("serve", async ({ deployer, folder, registry, first, chosen: model, test }, { note }) => {
      const { url } = await deployer.deploy(await takeOut(registry, first, folder));
      const served = await checkServing(url, model.scorer, test);
      note(
        `${served.requests} requests to ${url}/predict and one batch, every answer as in memory; p50 ${served.p50.toFixed(1)} ms, p99 ${served.p99.toFixed(1)} ms`,
      );
      return { served };
    })
    .step("drift", async ({ opened, kept, chosen: model, seed }, { note }) => {
      const { table: later, story } = await opened.later(kept);
      const drift = driftAgainst(model.artifact.baseline, later, { predictions: model.scorer.score(later) });
      note(`later rows arrive: ${story}`);
      note(
        `${drift.verdict}, ${drift.severity}: ${drift.columns
          .filter(({ verdict }) => verdict === "drift")
          .map(({ name }) => name)
          .join(", ")}`,
      );
      return { drift, story, later, ...halves(later, seed) };
    })
    .step("monitor", async ({ artifact, chosen: model, later }, { note }) => {
      const watched = await watchLater(artifact, model.scorer, later);
      for (const [name, { verdict, severity }] of Object.entries(watched.monitors))
        note(`${name}: ${verdict}, ${severity}`);
      const decision = retrainingAfter(watched);
      note(decision.explanation);
      return { watched, decision };
    })
    .step("retrain", async ({ opened, training, learn, judge: rows, chosen: model, seed, onProgress }, { note }) => {
      const challenger = await train(opened.features, together(training, learn), { seed, onProgress, baseline: false });
      const before = evaluate(model, rows);
      const after = evaluate(challenger, rows);
      note(
        `on ${rows.rows} later rows: champion AUC ${four(before.values.auc.value)}, log loss ${four(before.values.logLoss.value)}`,
      );
      note(
        `                   challenger AUC ${four(after.values.auc.value)}, log loss ${four(after.values.logLoss.value)}`,
      );
      return { challenger, challengerEvaluation: after, championEvaluation: before };
    })
    .step(
      "promote the better",
      async (
        { registry, challenger, challengerEvaluation, chosen: model, judge: rows, deployer, folder },
        { note },
      ) => {
        const challengerVerdict = judge(gates.retraining, challenger, rows, challengerEvaluation.values, {
          champion: model,
        });
        sayVerdict(challengerVerdict, note);
        const { version } = await registry.register(challenger.artifact, {
          verdict: challengerVerdict,
          metrics: summarize(challengerEvaluation),
        });
        const promotion = await registry.promote(version.number, alias, { verdict: challengerVerdict });
        if (promotion.promoted) await deployer.deploy(await takeOut(registry, version, folder));
        note(
          promotion.promoted
            ? `version ${version.number} is the champion and serves`
            : `version ${version.number} refused`,
        );
        return { second: version, promotion, challengerVerdict };
      },
    )
    .step("refuse a bad one", async ({ registry, opened, learn, judge: rows, challenger, seed }, { note }) => {
      const bad = await train(opened.features, withWrongLabels(learn, seed), { seed, learner: logistic() });
      const evaluation = evaluate(bad, rows, { bootstrap: false });
      const badVerdict = judge(gates.retraining, bad, rows, evaluation.values, { champion: challenger });
      const { version } = await registry.register(bad.artifact, {
        verdict: badVerdict,
        metrics: summarize(evaluation),
        description: "labels joined to the wrong customers",
      });
      const refusal = await registry.promote(version.number, alias);
      sayVerdict(badVerdict, note);
      note(
        refusal.promoted
          ? `version ${version.number} was promoted`
          : `version ${version.number}, trained on wrong labels, is refused`,
      );
      if (refusal.promoted)
        throw new ChurnkitError(
          "REGISTRY_REFUSED",
          "A model trained on wrong labels was promoted; the gate is broken.",
        );
      return { badVerdict, bad: version };
    })
    .step("roll back", async ({ registry, deployer, folder, promotion, first }, { note }) => {
      if (!promotion.promoted) {
        note("nothing to roll back: the first version is still the champion");
        return { rolledBack: false };
      }
      const result = await registry.rollback(alias, { reason: "support reports strange scores" });
      const champion = await registry.get(alias);
      const { url } = await deployer.deploy(await takeOut(registry, champion, folder));
      const health = (await (await fetch(`${url}/health`)).json()) as { model_version: string };
      note(`one call: version ${champion.number} is the champion again and /health says ${health.model_version}`);
      if (!result.rolledBack || champion.number !== first.number)
        throw new ChurnkitError("REGISTRY_REFUSED", "The rollback did not restore the first version.");
      return { rolledBack: true };
    });
}

/** Results of the main job. */
export type MainJobResult = Awaited<ReturnType<ReturnType<typeof mainJob>["run"]>>;

/** Takes the version out of the registry into a separate folder; this copy is the one that is served. */
async function takeOut(registry: ModelRegistry, { number }: ModelVersion, folder: string): Promise<DeployRequest> {
  const bundle = join(folder, "served", String(number));
  await saveBundle(await registry.load(number), bundle);
  return { name: "churn", version: String(number), bundle };
}

function describeModel({ artifact }: TrainedModel): string {
  const { model } = artifact;
  return model.kind === "ensemble" ? `an ensemble of ${model.members.length} networks` : `one ${model.kind}`;
}

function judge(
  gate: Gate,
  candidate: TrainedModel,
  table: Table,
  metrics: Parameters<typeof evaluateGate>[1]["metrics"],
  rivals: { readonly champion?: TrainedModel | undefined; readonly baseline?: TrainedModel | undefined },
): GateVerdict {
  const scores = ({ scorer }: TrainedModel) => ({
    probabilities: scorer.score(table),
    threshold: scorer.decision.threshold,
  });
  return evaluateGate(gate, {
    metrics,
    comparison: {
      labels: labels(table),
      candidate: scores(candidate),
      champion: rivals.champion && scores(rivals.champion),
      baseline: rivals.baseline && scores(rivals.baseline),
    },
  });
}

function sayVerdict(verdict: GateVerdict, note: (text: string) => void): void {
  note(`gate ${verdict.gate}: ${verdict.passed ? "passed" : "not passed"}`);
  for (const { passed, reason } of verdict.checks) note(`  ${passed ? "yes" : "no "}  ${reason}`);
}

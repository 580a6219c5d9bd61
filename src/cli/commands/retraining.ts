import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { type DriftReport } from "../../drift/index.js";
import { readRetrainingState, type FinishedRun } from "../../monitor/retraining/index.js";
import {
  decideRetraining,
  driftSignals,
  heartbeat,
  monitorSignals,
  retrainingController,
  retrainingPolicy,
  startRetraining,
  stopRetraining,
  type MonitorReport,
  type RetrainingDecision,
  type RetrainingPolicy,
  type RetrainingSignals,
} from "../../monitor/index.js";
import { example } from "../help.js";
import { countOption } from "../input.js";
import { readJson } from "../json-file.js";
import { columns, exit, note, print, reasonOf } from "../output.js";
import { openStore } from "../places.js";
import { runCommand } from "../run-command.js";

interface Options {
  store: string;
  name: string;
  policy?: string;
  report?: string;
  newLabels?: number;
  run?: string;
  by: string;
  reason: string;
  json?: boolean;
}

export function register(program: Command): void {
  const retraining = program
    .command("retraining")
    .description("decide by a policy when to retrain, one run at a time, without losing a trigger")
    .addHelpText("after", example("churnkit retraining check --report report.json"));
  const verb = (name: string, description: string, shown: string): Command =>
    retraining
      .command(name)
      .description(description)
      .option("--store <place>", "where the state is kept: a folder or s3://bucket/prefix", "monitoring")
      .option("--name <name>", "the policy's name", "churn")
      .option("--json", "print one line of JSON")
      .addHelpText("after", example(`churnkit retraining ${shown}`));
  const people = (command: Command): Command =>
    command.requiredOption("--by <name>", "who makes the change").requiredOption("--reason <text>", "why");
  verb(
    "check",
    "decide by the policy and a report; with --run, also retrain",
    'check --report report.json --run "sh retrain.sh"',
  )
    .option("--policy <file>", "the policy as JSON; docs/monitoring.md has the defaults, also for omitted members")
    .option("--report <file>", "the output of `churnkit monitor --json` or `churnkit drift --json`")
    .option("--new-labels <count>", "number of known outcomes that the last training did not have", (text) =>
      text === "0" ? 0 : countOption(text),
    )
    .option("--run <command>", "the shell command that retrains; exit code 0 means success")
    .action(check);
  verb(
    "status",
    "show waiting triggers, the current run, finished runs, and whether retraining is stopped",
    "status",
  ).action(status);
  people(
    verb(
      "request",
      "request a run, which the next check starts; it skips the cooldown, but not the budget",
      'request --by ann --reason "new prices"',
    ),
  ).action(request);
  people(
    verb(
      "stop",
      "stop all retraining under this name, for every process on the store",
      'stop --by ann --reason "bad labels"',
    ),
  ).action(stop);
  verb(
    "start",
    "allow retraining again; the next check decides on the triggers that came in the meantime",
    "start",
  ).action(start);
}

async function check(options: Options): Promise<void> {
  const store = await openStore(options.store);
  const policy = await policyOf(options);
  const { run: command, newLabels } = options;
  const signals = {
    ...(await signalsOf(options.report)),
    ...(newLabels === undefined ? {} : { newLabels: { value: newLabels } }),
  };
  const controller = retrainingController(store, policy, {
    run: (context) => runCommand(command ?? "", context),
    onError: (error) => note(`churnkit: ${reasonOf(error)}`),
  });
  if (command === undefined) {
    await controller.remember(signals);
    await heartbeat(store, {
      monitor: policy.name,
      everySeconds: policy.checkEveryHours * 3600,
      detail: "checked, nothing to run",
    });
    return tell(
      options,
      decideRetraining(policy, await controller.state(), { critical: signals.critical }, new Date()),
      null,
    );
  }
  const { decision, run } = await controller.reconcile(signals);
  tell(options, decision, run);
  if (run !== null && run.status !== "succeeded") process.exitCode = exit.checkFailed;
}

function tell({ json }: Options, decision: RetrainingDecision, run: FinishedRun | null): void {
  const ended = run === null ? "" : `\nrun ${run.id} ${run.status}${run.detail === "" ? "" : `: ${run.detail}`}`;
  print(json, { decision, run }, `${decision.explanation}${ended}\nnext check by ${decision.nextCheck}`);
}

async function status(options: Options): Promise<void> {
  const state = await readRetrainingState(await openStore(options.store), options.name);
  const { stopped, running, pending, runs } = state;
  const lines = [
    stopped === null ? "retraining is allowed" : `stopped by ${stopped.by} at ${stopped.at}: ${stopped.reason}`,
    running === null ? "no run is in progress" : `run ${running.id} has been running since ${running.startedAt}`,
    ...(pending.length === 0
      ? ["no trigger waits"]
      : [
          "",
          columns([
            ["trigger", "since", "what"],
            ...pending.map(({ kind, firstSeen, message }) => [kind, firstSeen, message]),
          ]),
        ]),
    ...(runs.length === 0
      ? []
      : [
          "",
          columns([
            ["run", "ended", "status", "why"],
            ...runs.slice(0, 10).map((run) => [run.id, run.finishedAt, run.status, run.triggers.join(", ")]),
          ]),
        ]),
  ];
  print(options.json, state, lines.join("\n"));
}

async function request({ by, reason, ...options }: Options): Promise<void> {
  const controller = retrainingController(await openStore(options.store), retrainingPolicy({ name: options.name }), {
    run: () => Promise.resolve(undefined),
  });
  await controller.remember({ manual: { by, reason } });
  await told(options, `requested; the next check starts it`);
}

async function stop({ by, reason, ...options }: Options): Promise<void> {
  await stopRetraining(await openStore(options.store), options.name, { by, reason });
  await told(options, `all retraining of ${options.name} is stopped`);
}

async function start(options: Options): Promise<void> {
  await startRetraining(await openStore(options.store), options.name);
  await told(options, `retraining of ${options.name} is allowed again`);
}

async function told({ store, name, json }: Pick<Options, "store" | "name" | "json">, text: string): Promise<void> {
  print(json, await readRetrainingState(await openStore(store), name), text);
}

async function policyOf({ policy, name }: Options): Promise<RetrainingPolicy> {
  if (policy === undefined) return retrainingPolicy({ name });
  const given = await readJson(policy, "The policy");
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw malformed(policy, "holds no policy");
  const read = retrainingPolicy({ name, ...(given as Partial<RetrainingPolicy>) });
  // State and stop switch belong to the name: a check under another name would not see `stop`.
  if (read.name !== name) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${policy} is named "${read.name}", --name is "${name}". Use --name ${read.name} with this and all other verbs, or remove the name from the file.`,
      { where: { file: policy } },
    );
  }
  return read;
}

/** Reads accuracy and PSI from a report that another verb printed. */
async function signalsOf(file: string | undefined): Promise<RetrainingSignals> {
  if (file === undefined) return {};
  const report = (await readJson(file, "The report")) as Partial<MonitorReport & DriftReport> | null;
  try {
    if (report?.monitors !== undefined) return monitorSignals(report as MonitorReport);
    // The report has no time, so the file's time distinguishes an old report from one about the current model.
    if (report?.columns !== undefined) return driftSignals(report as DriftReport, (await stat(file)).mtime);
  } catch (cause) {
    if (ChurnkitError.isInstance(cause)) throw cause;
    throw malformed(file, "is not a complete report", cause);
  }
  throw malformed(file, "is not a report; give the output of churnkit monitor --json or churnkit drift --json");
}

const malformed = (file: string, what: string, cause?: unknown): ChurnkitError =>
  new ChurnkitError("INPUT_MALFORMED", `${file} ${what}.`, { where: { file }, cause });

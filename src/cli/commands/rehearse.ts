import { basename } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { writeFileAtomic } from "../../io/atomic.js";
import type { LambdaHandler, Rehearsal, RehearsalEntry, RehearsedStack } from "../../rehearsal/index.js";
import { enterRehearsal } from "../aws-environment.js";
import { example } from "../help.js";
import { countOption, seedOption } from "../input.js";
import { readJson } from "../json-file.js";
import { exportOf } from "../module-file.js";
import { openEmulator } from "../moto-server.js";
import { exit, note, print, reasonOf } from "../output.js";

interface Options {
  template?: readonly string[];
  start?: Date;
  days?: number;
  functions?: string;
  emulator?: string;
  botocore?: string;
  account?: string;
  region: string;
  deliveries?: number;
  seed?: number;
  html?: string;
  permissions?: boolean;
  json?: boolean;
}

/** What the user's modules export by default. */
type App = (rehearsal: Rehearsal, stacks: Readonly<Record<string, RehearsedStack>>) => unknown;
type Handlers = Readonly<Record<string, LambdaHandler>>;
type FunctionsModule = Handlers | ((rehearsal: Rehearsal) => Handlers | Promise<Handlers>);

const dayMs = 86_400_000;

export function register(program: Command): void {
  program
    .command("rehearse [app]")
    .description("rehearse an app for AWS on this machine; exit code 1 if it fails")
    .option("--template <files...>", "templates of CloudFormation, such as those of cdk synth, applied in this order")
    .option("--functions <module>", "module that exports the Lambda functions by name")
    .option("--days <number>", "virtual days that pass at the end; default: none, without an app 1", countOption)
    .option("--start <time>", "the virtual time at the start, ISO 8601; default: 2026-01-01", timeOption)
    .option("--emulator <address>", "moto's address for S3, SNS, SQS and others, or auto to start moto", addressOption)
    .option("--botocore <folder>", "botocore's folder data, to check each request against AWS's own models")
    .option("--account <id>", "the account that is rehearsed; default: 123456789012")
    .option("--region <region>", "the region that is rehearsed", "us-east-1")
    .option("--deliveries <count>", "how often each event is delivered; default: 1", countOption)
    .option("--seed <number>", "seed of everything random; default: 0", seedOption)
    .option("--html <file>", "also write the timeline as a page")
    .option("--permissions", "also print the IAM actions that each role used, and those that it may and did not use")
    .option("--json", "print one line of JSON")
    .addHelpText(
      "after",
      example(
        "churnkit rehearse app.mjs --template cdk.out/churn-dev.template.json --emulator auto --html timeline.html",
      ),
    )
    .action(run);
}

function timeOption(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new InvalidArgumentError("It must be a time in ISO 8601, such as 2026-01-31.");
  return time;
}

function addressOption(text: string): string {
  if (text === "auto" || /^http:\/\/[^/]+\/?$/.test(text)) return text;
  throw new InvalidArgumentError("Give an address such as http://127.0.0.1:5000, or auto.");
}

async function run(app: string | undefined, options: Options): Promise<void> {
  if (app === undefined && options.template === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "There is nothing to rehearse. Name a module, or templates with --template.",
    );
  const templates: [name: string, template: unknown][] = [];
  for (const file of options.template ?? [])
    templates.push([basename(file).replace(/(\.template)?\.json$/, ""), await readJson(file, "The template")]);
  // Loaded here, since every --help loads this file.
  const { applyTemplate, AwsError, rehearse, timelineHtml, timelineText } = await import("../../rehearsal/index.js");
  const { emulator: wish, functions: functionsFile, permissions: shown = false, ...settings } = options;
  const emulator = await openEmulator(wish);
  const functions: Record<string, LambdaHandler> = {};
  const rehearsal = await rehearse({ ...settings, ...emulator.place, functions }).catch(async (error: unknown) => {
    await emulator.end();
    throw error;
  });
  const { clock, timeline, notes } = rehearsal;
  const failed: string[] = [];
  const from = new Date(clock.now()).toISOString();
  const leave = enterRehearsal(rehearsal.url, rehearsal.region);
  try {
    const handlers = functionsFile === undefined ? {} : await exportOf(functionsFile, isFunctions);
    const play = app === undefined ? undefined : await exportOf(app, isApp);
    try {
      Object.assign(functions, typeof handlers === "function" ? await handlers(rehearsal) : handlers);
      const stacks: Record<string, RehearsedStack> = {};
      for (const [name, template] of templates) stacks[name] = await applyTemplate(rehearsal, template, { name });
      await play?.(rehearsal, stacks);
      const { days = app === undefined ? 1 : 0 } = options;
      await clock.advanceTo(clock.now() + days * dayMs);
    } catch (error) {
      // The user's own error: its message may not say where.
      const isOurs = ChurnkitError.isInstance(error) || error instanceof AwsError;
      if (error instanceof Error && !isOurs) note(error.stack ?? "");
      failed.push(reasonOf(error));
    }
  } finally {
    leave();
    await rehearsal.close();
    await emulator.end();
  }
  failed.push(...failedInTheEnd(timeline));
  for (const text of notes) note(`note: ${text}`);
  if (options.html !== undefined) {
    await writeFileAtomic(options.html, await timelineHtml(timeline));
    note(`wrote ${options.html}`);
  }
  const to = new Date(clock.now()).toISOString();
  const roles = shown ? rehearsal.roles : undefined;
  print(
    options.json,
    { from, to, failed, notes, timeline, ...(roles && { roles }) },
    timelineText(timeline) + (roles === undefined ? "" : rolesText(roles)),
  );
  for (const reason of failed) note(`churnkit: the rehearsal failed: ${reason}`);
  if (failed.length > 0) process.exitCode = exit.checkFailed;
}

const isApp = {
  what: "a function of the rehearsal",
  is: (value: unknown): value is App => typeof value === "function",
};
const isFunctions = {
  what: "an object of functions by name, or a function that returns one",
  is: (value: unknown): value is FunctionsModule =>
    typeof value === "function" || (typeof value === "object" && value !== null),
};

function rolesText(roles: Rehearsal["roles"]): string {
  const line = (what: string, actions: readonly string[]): string =>
    actions.length === 0 ? "" : `  ${what.padEnd(11)}  ${actions.join(", ")}\n`;
  return roles
    .map(
      ({ role, used, unused, notAllowed }) =>
        `\n${role}\n${line("used", used)}${line("unused", unused)}${line("not allowed", notAllowed)}`,
    )
    .join("");
}

/** Executions whose machine or pipeline has ended in failure, and has not ended well since. */
function failedInTheEnd(timeline: readonly RehearsalEntry[]): string[] {
  const last = new Map<string, string>();
  for (const { kind, text } of timeline)
    if (kind === "execution" || kind === "pipeline") last.set(`${kind} ${text.split(" ", 1).join()}`, text);
  return [...last.values()].filter((text) => /^\S+ (\S+ (FAILED|TIMED_OUT)|Failed)\b/.test(text));
}

import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { register } from "../../src/cli/commands/rehearse.js";
import { newFolder } from "../helpers/folder.js";
import { awsPython, botocoreData } from "../helpers/moto.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";
import { startCli } from "./cli.js";

const folder = newFolder();
const place = (name: string): string => join(folder, name);
/** Modules there load packages from here. */
const requireHere = `import { createRequire } from "node:module";
const require = createRequire(${JSON.stringify(resolve(import.meta.dirname, "../../package.json"))});
`;
const rehearse = (...args: string[]): Promise<Ran> => runVerb(register, ["rehearse", ...args]);
const awsVariables = (): object =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("AWS_")));

/** A rule that calls a function each hour. */
const hourly = {
  Resources: {
    Hourly: {
      Type: "AWS::Events::Rule",
      Properties: {
        Name: "hourly",
        ScheduleExpression: "rate(1 hour)",
        Targets: [{ Id: "check", Arn: "arn:aws:lambda:us-east-1:123456789012:function:check" }],
      },
    },
  },
};

/** An app that runs a machine, whose function refuses the customers that it is given. */
const machineApp = `${requireHere}
const { SFNClient, CreateStateMachineCommand, StartExecutionCommand } = require("@aws-sdk/client-sfn");
const Resource = "arn:aws:lambda:us-east-1:123456789012:function:check";
export default async ({ clock }) => {
  const client = new SFNClient();
  const definition = JSON.stringify({ StartAt: "Check", States: { Check: { Type: "Task", Resource, End: true } } });
  const roleArn = "arn:aws:iam::123456789012:role/states";
  const { stateMachineArn } = await client.send(new CreateStateMachineCommand({ name: "retrain", definition, roleArn }));
  for (const input of JSON.parse(process.env.INPUTS)) {
    await client.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }));
    await clock.advanceTo(clock.now() + 60_000);
  }
};
`;
const checking = `export default { check: ({ bad }) => { if (bad) throw new RangeError("no rows"); return {}; } };`;

beforeAll(() => {
  for (const [name, text] of Object.entries({
    "churn-dev.template.json": JSON.stringify(hourly),
    "unknown.json": JSON.stringify({ Resources: { Cluster: { Type: "AWS::EKS::Cluster" } } }),
    "machine.mjs": machineApp,
    "checking.mjs": checking,
    "queue.json": JSON.stringify({ Resources: { Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "q" } } } }),
    "noon.mjs": `export default ({ clock }) => ({
  check: () => { if (new Date(clock.now()).getUTCHours() === 12) throw new Error("no lunch"); },
});`,
    "told.mjs": `export default async (rehearsal, stacks) => {
  if (stacks["churn-dev"].resources().Hourly !== "hourly") throw new Error("no stack");
  const names = Object.keys(process.env).filter((name) => /^AWS_(?!SDK)/.test(name)).sort();
  throw new TypeError([...names, process.env.AWS_ENDPOINT_URL === rehearsal.url, process.env.AWS_REGION].join());
};`,
    "bucket.mjs": `${requireHere}
const { S3Client, CreateBucketCommand, ListBucketsCommand } = require("@aws-sdk/client-s3");
export default async () => {
  const s3 = new S3Client();
  await s3.send(new CreateBucketCommand({ Bucket: "churn-data" }));
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  throw new Error(Buckets.map(({ Name }) => Name).join());
};`,
    "wrong.mjs": "export default 1;",
    "broken.mjs": "export default (",
  }))
    writeFileSync(place(name), text);
});
beforeEach(() => void vi.stubEnv("INPUTS", "[]"));
afterEach(() => void vi.unstubAllEnvs());

const text = (out: string): string[] =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => line.slice(21));

describe("churnkit rehearse", () => {
  it("applies templates and lets a day pass", async () => {
    const ran = await rehearse(
      ...["--template", place("churn-dev.template.json"), "--functions", place("noon.mjs")],
      ...["--start", "2026-03-01", "--json"],
    );
    const { timeline, ...rest } = JSON.parse(ran.out) as { timeline: object[] };
    expect(rest).toEqual({
      from: "2026-03-01T00:00:00.000Z",
      to: "2026-03-02T00:00:00.000Z",
      failed: [],
      notes: [expect.stringMatching(/^Requests are not checked/)],
    });
    expect(timeline).toMatchObject([
      { time: "2026-03-01T00:00:00.000Z", kind: "call", text: "cloudformation events:PutRule rule/hourly" },
      { kind: "call", text: "cloudformation events:PutTargets rule/hourly" },
      { time: "2026-03-01T12:03:00.000Z", kind: "dead letter", text: expect.stringMatching(/: no lunch$/) as unknown },
    ]);
    expect(ran.code).toBeUndefined();
  });

  it("runs an app of the SDK's clients without settings, and shows what happened as text and as a page", async () => {
    vi.stubEnv("INPUTS", '[{ "bad": true }, {}]');
    const page = place("timeline.html");
    const ran = await rehearse(place("machine.mjs"), "--functions", place("checking.mjs"), "--html", page);
    expect(text(ran.out)).toEqual([
      "call         rehearsal states:CreateStateMachine stateMachine:retrain",
      "call         rehearsal states:StartExecution stateMachine:retrain",
      "execution    retrain execution-1 RUNNING",
      "state        execution-1: Check entered",
      "state        execution-1: Check failed",
      "execution    retrain execution-1 FAILED RangeError",
      "call         rehearsal states:StartExecution stateMachine:retrain",
      "execution    retrain execution-2 RUNNING",
      "state        execution-2: Check entered",
      "state        execution-2: Check exited",
      "execution    retrain execution-2 SUCCEEDED",
    ]);
    expect(readFileSync(page, "utf8")).toContain("retrain execution-1 FAILED RangeError");
    expect(ran.err).toContain(`wrote ${page}`);
    expect(ran.code).toBeUndefined();
  });

  it("prints the IAM actions of each role", async () => {
    vi.stubEnv("INPUTS", "[{}]");
    const app = [place("machine.mjs"), "--functions", place("checking.mjs"), "--permissions"];
    const roles = [
      ...[{ role: "rehearsal", used: ["iam:PassRole", "states:CreateStateMachine", "states:StartExecution"] }],
      ...[{ role: "states", used: ["lambda:InvokeFunction"] }],
    ].map((role) => ({ ...role, unused: [], notAllowed: [] }));
    expect(JSON.parse((await rehearse(...app, "--json")).out)).toMatchObject({ roles });
    expect((await rehearse(...app)).out).toMatch(
      /\n\nrehearsal\n {2}used {9}iam:PassRole, states:CreateStateMachine, .*\n\nstates\n {2}used {9}lambda:Invoke/,
    );
    expect((await rehearse(...app.slice(0, -1))).out).not.toContain("used");
  });

  it("fails where the last execution of a machine has failed", async () => {
    vi.stubEnv("INPUTS", '[{}, { "bad": true }]');
    const ran = await rehearse(place("machine.mjs"), "--functions", place("checking.mjs"));
    expect(ran.err).toMatch(/^churnkit: the rehearsal failed: retrain execution-2 FAILED RangeError$/m);
    expect(ran.code).toBe(1);
  });

  it("fails where the app throws, and gives it the variables of AWS's clients for its own time only", async () => {
    vi.stubEnv("AWS_PROFILE", "production");
    vi.stubEnv("AWS_ENDPOINT_URL_S3", "https://s3.amazonaws.com");
    const before = awsVariables();
    const ran = await rehearse(
      place("told.mjs"),
      "--template",
      place("churn-dev.template.json"),
      "--region",
      "eu-west-1",
    );
    const names = "AWS_ACCESS_KEY_ID,AWS_ENDPOINT_URL,AWS_REGION,AWS_SECRET_ACCESS_KEY";
    expect(ran.err).toMatch(new RegExp(`^churnkit: the rehearsal failed: ${names},true,eu-west-1$`, "m"));
    expect(ran.err).toMatch(/^ +at .*told\.mjs/m);
    expect(text(ran.out)).toContain("call         cloudformation events:PutRule rule/hourly");
    expect([ran.code, awsVariables()]).toEqual([1, before]);
  });

  it.each([
    ["unknown.json", "does not know the type AWS::EKS::Cluster"],
    ["queue.json", "This service needs the emulator"],
  ])("fails where a template cannot be applied: %s", async (file, says) => {
    const ran = await rehearse("--template", place(file));
    expect(ran.err).toMatch(new RegExp(`^churnkit: the rehearsal failed: .*${says}`, "m"));
    expect(ran.err).not.toMatch(/^ +at /m);
    expect(ran.code).toBe(1);
  });

  it.each([
    { why: "nothing to rehearse", args: [], says: /There is nothing to rehearse/ },
    { why: "a module that is not there", args: ["nobody.mjs"], says: /The module nobody\.mjs cannot be read/ },
    { why: "a module without a function", args: [place("wrong.mjs")], says: /must export a function of the rehearsal/ },
    { why: "a module that is none", args: [place("broken.mjs")], says: /broken\.mjs cannot be loaded/ },
    {
      why: "functions that are none",
      args: [place("machine.mjs"), "--functions", place("wrong.mjs")],
      says: /an object of/,
    },
    { why: "a template that is none", args: ["--template", place("machine.mjs")], says: /machine\.mjs is not JSON/ },
    { why: "a time that is none", args: [place("machine.mjs"), "--start", "soon"], says: /ISO 8601/ },
    { why: "an address that is none", args: [place("machine.mjs"), "--emulator", "moto"], says: /or auto/ },
    { why: "a folder that is not there", args: [place("machine.mjs"), "--botocore", "nowhere"], says: /nowhere/ },
  ])("refuses $why", async ({ args, says }) => {
    const before = awsVariables();
    await expect(rehearse(...args)).rejects.toThrow(says);
    expect(awsVariables()).toEqual(before);
  });

  it("goes on without an emulator where there is no moto, and says so in one line", async () => {
    vi.stubEnv("PATH", folder);
    const ran = await rehearse(place("machine.mjs"), "--emulator", "auto");
    expect(ran.err.split("\n").filter((line) => line.includes("moto"))).toEqual([
      expect.stringMatching(/^note: without moto/),
    ]);
    expect(ran.code).toBeUndefined();
  });
});

const ready = await awsPython("the emulator of churnkit rehearse");

it.skipIf(!ready)("starts moto, checks requests by botocore's models, and ends it", { timeout: 90_000 }, async () => {
  vi.stubEnv("PATH", `${resolve(botocoreData(), "../../../../../bin")}${delimiter}${process.env["PATH"] ?? ""}`);
  const children = (): number => process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;
  const before = children();
  const ran = await rehearse(place("bucket.mjs"), "--emulator", "auto", "--botocore", botocoreData(), "--json");
  const { failed, notes, timeline } = JSON.parse(ran.out) as { failed: string[]; notes: string[]; timeline: object[] };
  expect([failed, notes]).toEqual([["churn-data"], []]);
  expect(timeline).toMatchObject([{ text: "rehearsal s3:CreateBucket churn-data" }]);
  const hasEnded = (): void => expect(children()).toBe(before);
  await vi.waitFor(hasEnded, 30_000);
});

it("is not loaded by other commands, nor by --help", async () => {
  const telling = `export async function load(url, context, next) {
    process._rawDebug("loads " + url);
    return next(url, context);
  }`;
  const hook = `data:text/javascript,${encodeURIComponent(telling)}`;
  const register = `import { register } from "node:module"; register(${JSON.stringify(hook)});`;
  const nodeOptions = ["--import", `data:text/javascript,${encodeURIComponent(register)}`];
  const loadedBy = async (...args: string[]): Promise<string[]> => {
    const { err } = await startCli(args, folder, nodeOptions).ended;
    return err
      .split("\n")
      .filter((line) => line.startsWith("loads ") && line.includes("/dist/") && line.includes("rehearsal"));
  };
  expect([await loadedBy("--help"), await loadedBy("rehearse", "--help")]).toEqual([[], []]);
  expect(await loadedBy("rehearse", "machine.mjs")).not.toEqual([]);
});

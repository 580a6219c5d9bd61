import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { policyFor, releaseMachine, type StateMachine } from "../../../src/deploy/aws/index.js";
import { runStateMachine, StateFault, virtualClock } from "../../../src/rehearsal/index.js";
import { awsTarget } from "../../helpers/aws-target.js";
import { awsPython } from "../../helpers/moto.js";
import { findings, own, taskProblems, topic, validator } from "../../helpers/state-machines.js";

const ready = await awsPython("the machine of a release against botocore's models");
const golden = resolve(import.meta.dirname, "../golden/release-machine.json");
const machine = releaseMachine(awsTarget, { topic });

/** Runs the machine, whose function answers so in turn. */
async function run(answers: readonly (string | Error)[]) {
  const clock = virtualClock(0);
  const payloads: unknown[] = [];
  const told: unknown[] = [];
  const left = [...answers];
  const task = (resource: string, parameters: unknown): Promise<unknown> => {
    if (resource.endsWith("sns:publish"))
      return Promise.resolve(told.push((parameters as { Message: string }).Message));
    payloads.push(parameters);
    const answer = left.shift() ?? "under way";
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve({ StatusCode: 200, Payload: { outcome: answer, reason: `it is ${answer}`, version: 7 } });
  };
  const context = { Execution: { Id: "e", StartTime: "t", Input: { version: 7 } } };
  const services = { clock, random: () => 0, task };
  const ended = await clock.until(
    runStateMachine(machine, {}, services, context).catch((error: unknown) => error as StateFault),
  );
  return { ended, payloads, told, minutes: clock.now() / 60_000 };
}

describe("releaseMachine", () => {
  it("is the same as the file that people have read, in the same order", () => {
    expect(`${JSON.stringify(machine, null, 2)}\n`).toBe(readFileSync(golden, "utf8"));
  });

  it("is valid", () => expect(findings(machine, ready)).toEqual([]));

  it("may do what it does by the policy of state machines", () => {
    const statements = policyFor("states", awsTarget).Statement;
    const on = (action: string): string[] =>
      statements.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource);
    const step = machine.States["Step"] as { readonly Parameters: { readonly FunctionName: string } };
    const called = `arn:aws:lambda:us-east-1:123456789012:function:${step.Parameters.FunctionName}`;
    const fits = (pattern: string, arn: string): boolean =>
      pattern.endsWith("*") ? arn.startsWith(pattern.slice(0, -1)) : arn === pattern;
    expect(on("lambda:InvokeFunction").some((pattern) => fits(pattern, called))).toBe(true);
    expect(on("sns:Publish").some((pattern) => fits(pattern, `${topic.replace(/:[^:]*$/, "")}:churn-dev-told`))).toBe(
      true,
    );
  });

  it.each(["released", "unchanged"])("calls the function every five minutes until the version is %s", async (last) => {
    const { payloads, told, minutes } = await run(["under way", "under way", last]);
    expect(payloads).toEqual(Array(3).fill({ FunctionName: "churn-dev-release-step", Payload: { version: 7 } }));
    expect([minutes, told]).toEqual([10, ["e succeeded."]]);
  });

  it.each(["returned", "declined", "stopped", "unfinished"])("fails if it is %s, and says why", async (last) => {
    const { ended, told } = await run(["under way", last]);
    expect(ended).toMatchObject({ error: `Failed.${last}` });
    expect(told).toEqual([expect.stringContaining(`it is ${last}`)]);
  });

  it("takes a step again that failed, and gives up after the fourth time", async () => {
    const fault = new StateFault("ChurnkitError", "Rate exceeded");
    expect((await run([fault, fault, "released"])).told).toEqual(["e succeeded."]);
    const { ended, payloads } = await run(Array<Error>(9).fill(fault));
    expect(ended).toMatchObject({ error: "Failed.ChurnkitError" });
    expect(payloads).toHaveLength(4);
  });

  it("refuses more steps than an execution may have", () =>
    expect(() => releaseMachine(awsTarget, { everySeconds: 60 })).toThrow(/everySeconds of at least 224/));
});

/** The machine with other members in one state. */
const planted = (name: string, change: object): StateMachine =>
  JSON.parse(
    JSON.stringify({ ...machine, States: { ...machine.States, [name]: { ...machine.States[name], ...change } } }),
  ) as StateMachine;

describe("planted faults", () => {
  const parameters = { FunctionName: "churn-dev-release-step", Payload: {} };
  it.each<[string, StateMachine, (machine: StateMachine) => string[], RegExp]>([
    ["a step without a successor", planted("Step", { Next: undefined }), validator, /Step/],
    ["an outcome that leads nowhere", planted("Over", { Default: "Not relased" }), validator, /Not relased/],
    ["a wait for nothing", planted("Wait", { Seconds: undefined }), validator, /Wait/],
    ["a typo in the call", planted("Step", { Resource: "arn:aws:states:::lambda:invok" }), own, /has the resource/],
    [
      "a wait that the integration lacks",
      planted("Step", { Resource: "arn:aws:states:::lambda:invoke.sync" }),
      own,
      /has the resource/,
    ],
    ["no time-out", planted("Step", { TimeoutSeconds: undefined }), own, /"Step" has no TimeoutSeconds/],
    [
      "a retry that hides the others",
      planted("Step", { Retry: [{ ErrorEquals: ["States.ALL"] }, { ErrorEquals: ["Lambda.ServiceException"] }] }),
      own,
      /States.ALL in Retry, but not last/,
    ],
  ])("finds %s", (_, faulty, check, message) => expect(check(faulty).join("\n")).toMatch(message));

  it.skipIf(!ready).each([
    [
      "no function",
      planted("Step", { Parameters: { ...parameters, FunctionName: undefined } }),
      /Step: .*FunctionName/,
    ],
    ["an unknown parameter", planted("Step", { Parameters: { ...parameters, Function: "x" } }), /Step: .*Function/],
  ])("finds %s by AWS's models", (_, faulty, message) => expect(taskProblems(faulty).join("\n")).toMatch(message));
});

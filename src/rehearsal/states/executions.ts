import { AwsError, innerJson } from "../front/aws-error.js";
import { arnOf, type AwsPlace } from "../place.js";
import type { StateMachine } from "../../deploy/aws/index.js";
import { StateFault } from "./fault.js";
import { runStateMachine, type StateEvent, type StateServices } from "./interpreter.js";

type Status = "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";

/** One run of a state machine. */
export interface Execution {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly status: Status;
  readonly input: string;
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
  /** Seconds since 1970, as on the wire. */
  readonly startDate: number;
  readonly stopDate?: number | undefined;
}

export interface StatesOptions extends Omit<StateServices, "log"> {
  readonly place: AwsPlace;
  /** Is asked before each task whether the machine's role may do it; an error that it throws is the task's. */
  readonly admit?: ((role: string, resource: string, parameters: unknown) => void) | undefined;
  /** Is told the beginning and the end of each execution. */
  readonly onChange?: ((execution: Execution) => void) | undefined;
  /** Is told what happens inside. */
  readonly onEvent?: ((execution: string, event: StateEvent) => void) | undefined;
}

/** A state machine under its name. */
export interface Machine {
  readonly stateMachineArn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly definition: string;
  readonly machine: StateMachine;
}

/** The executions of all machines. */
export interface Executions {
  /** Starts one; the same name with the same input is the same execution while it runs. */
  start(machine: Machine, name: string | undefined, input: string): Execution;
  find(arn: string | undefined): Execution;
  stop(arn: string | undefined, fault: StateFault): void;
  /** The latest first. */
  all(): readonly Execution[];
}

export function executionsOf(options: StatesOptions): Executions {
  const { place, clock, onChange = () => undefined } = options;
  const executions = new Map<string, { record: Execution; readonly abort: AbortController }>();

  function entryOf(arn: string | undefined): { record: Execution; readonly abort: AbortController } {
    const execution = executions.get(arn ?? "");
    if (execution === undefined) throw new AwsError("ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`);
    return execution;
  }

  function start(machine: Machine, given: string | undefined, input: string): Execution {
    const data = innerJson(input, "InvalidExecutionInput");
    const name = given ?? `execution-${executions.size + 1}`;
    const executionArn = arnOf(place, "states", `execution:${machine.name}:${name}`);
    const former = executions.get(executionArn)?.record;
    // AWS remembers a name for 90 days, the rehearsal for ever.
    if (former !== undefined && (former.status !== "RUNNING" || former.input !== input))
      throw new AwsError("ExecutionAlreadyExists", `Execution Already Exists: '${executionArn}'`);
    if (former !== undefined) return former;
    const { stateMachineArn } = machine;
    const startDate = clock.now() / 1000;
    const record: Execution = { executionArn, stateMachineArn, name, input, status: "RUNNING", startDate };
    const entry = { record, abort: new AbortController() };
    executions.set(executionArn, entry);
    onChange(record);
    run(machine, entry, data).then(
      (output) => end({ status: "SUCCEEDED", output: JSON.stringify(output) }),
      (error: unknown) => end(failureOf(error, entry.abort.signal.aborted)),
    );
    return record;

    function end(changes: Partial<Execution>): void {
      entry.record = { ...entry.record, ...changes, stopDate: clock.now() / 1000 };
      onChange(entry.record);
    }
  }

  function run(
    machine: Machine,
    { record, abort }: { record: Execution; readonly abort: AbortController },
    input: unknown,
  ): Promise<unknown> {
    const StartTime = new Date(clock.now()).toISOString();
    const context = {
      Execution: { Id: record.executionArn, Name: record.name, Input: input, RoleArn: machine.roleArn, StartTime },
      StateMachine: { Id: machine.stateMachineArn, Name: machine.name },
    };
    const task: StateServices["task"] = async (resource, parameters, signal) => {
      options.admit?.(machine.roleArn, resource, parameters);
      return options.task(resource, parameters, signal);
    };
    const services = { ...options, task, log: (event: StateEvent) => options.onEvent?.(record.executionArn, event) };
    return runStateMachine(machine.machine, input, services, context, abort.signal);
  }

  return {
    start,
    find: (arn) => entryOf(arn).record,
    stop: (arn, fault) => {
      const { record, abort } = entryOf(arn);
      if (record.status === "RUNNING") abort.abort(fault);
    },
    all: () => [...executions.values()].map(({ record }) => record).reverse(),
  };
}

function failureOf(error: unknown, isAborted: boolean): Partial<Execution> {
  if (!(error instanceof StateFault)) {
    const cause = error instanceof Error ? error.message : String(error);
    return { status: "FAILED", error: "States.Runtime", cause };
  }
  const status = isAborted ? "ABORTED" : error.error === "States.Timeout" ? "TIMED_OUT" : "FAILED";
  return { status, error: error.error, cause: error.message };
}

/** Context of a step, in addition to the state. */
export interface StepContext {
  /** Reports something about the running step: a figure, a verdict, a path. */
  readonly note: (text: string) => void;
}

/** Events of a running pipeline. */
export type PipelineEvent =
  | { readonly type: "start"; readonly step: string; readonly index: number; readonly steps: number }
  | { readonly type: "note"; readonly step: string; readonly text: string }
  | { readonly type: "end"; readonly step: string; readonly seconds: number };

/** One step by name: takes the state so far, and returns its additions. */
export interface Step<State, Added> {
  readonly name: string;
  /** Takes the state of the previous steps and returns its additions. */
  run(state: State, context: StepContext): Promise<Added>;
}

/**
 * Steps in order, as data. Each takes the state of the previous ones and adds to it, and the compiler knows its
 * members: a step that needs a model cannot come before the one that trains it.
 */
export interface Pipeline<Input, State> {
  readonly steps: readonly string[];
  /** This pipeline plus one step. */
  step<Added extends object>(name: string, run: Step<State, Added>["run"]): Pipeline<Input, State & Added>;
  /** Runs every step in order; the first that throws ends the run. */
  run(input: Input, onEvent?: (event: PipelineEvent) => void): Promise<State>;
}

/**
 * Begins a pipeline that starts from `Input`.
 *
 * @example
 * ```ts
 * import { pipeline } from "churnkit/pipeline";
 *
 * const job = pipeline<{ rows: number }>()
 *   .step("double", async ({ rows }) => ({ doubled: 2 * rows }))
 *   .step("report", async ({ doubled }, { note }) => {
 *     note(`twice as many: ${doubled}`);
 *     return {};
 *   });
 * await job.run({ rows: 21 });
 * ```
 */
export function pipeline<Input extends object>(): Pipeline<Input, Input> {
  return extend<Input, Input>([], (input) => Promise.resolve(input));
}

type RunSteps<Input, State> = (input: Input, around: Around) => Promise<State>;
type Around = <Added>(name: string, run: (context: StepContext) => Promise<Added>) => Promise<Added>;

function extend<Input extends object, State extends object>(
  steps: readonly string[],
  runSteps: RunSteps<Input, State>,
): Pipeline<Input, State> {
  return {
    steps,
    step<Added extends object>(stepName: string, run: Step<State, Added>["run"]) {
      return extend<Input, State & Added>([...steps, stepName], async (input, around) => {
        const state = await runSteps(input, around);
        return { ...state, ...(await around(stepName, (context) => run(state, context))) };
      });
    },
    run(input, onEvent = () => undefined) {
      return runSteps(input, async (step, body) => {
        const started = performance.now();
        onEvent({ type: "start", step, index: steps.indexOf(step), steps: steps.length });
        const added = await body({ note: (text) => onEvent({ type: "note", step, text }) });
        onEvent({ type: "end", step, seconds: (performance.now() - started) / 1000 });
        return added;
      });
    },
  };
}

import { list, oneOf, optional, record, strictObject, text, where, type Decoder } from "../../../base/json/index.js";
import { decodeWith } from "../decode.js";
import { ref } from "../requests/decoders.js";
import { isReference, type Reference } from "../requests/referable.js";
import { type DefinedStep, type FlowOptions, stepOf } from "./step.js";

const comparisons = ["Equals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"] as const;
type Value = string | number | boolean | Reference;

/** A comparison of two values, at least one of which the pipeline knows only when it runs. */
export interface Comparison {
  readonly type: (typeof comparisons)[number];
  readonly left: Value;
  readonly right: Value;
}

const value: Decoder<Value> = (json) => {
  const { value: given } = json;
  if (typeof given === "string" || typeof given === "number" || typeof given === "boolean" || isReference(given))
    return given;
  throw json.not("a text, a number, true, false or a reference");
};

const conditionDecoder = where(
  list(strictObject({ type: oneOf(comparisons), left: value, right: value }), 200),
  ({ length }) => length > 0,
  "a list of at least one comparison",
);
const lambdaDecoder = strictObject({
  function: where(
    text(256),
    (arn) => /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/.test(arn),
    "the ARN of a Lambda function",
  ),
  inputs: optional(record(value, 100)),
  outputs: optional(record(oneOf(["String", "Integer", "Boolean", "Float"]), 10)),
});

const titleOf = (name: string): string => `The step ${JSON.stringify(name)}`;

/** Runs the steps of one list if all comparisons hold, and of the other if not. */
export function conditionStep(
  name: string,
  conditions: readonly Comparison[],
  steps: { readonly if?: readonly DefinedStep[] | undefined; readonly else?: readonly DefinedStep[] | undefined },
  options: FlowOptions = {},
): DefinedStep {
  const compared = decodeWith(conditionDecoder, conditions, titleOf(name), "step.conditions");
  const Arguments = {
    Conditions: compared.map(({ type, left, right }) => ({ Type: type, LeftValue: left, RightValue: right })),
    IfSteps: steps.if ?? [],
    ElseSteps: steps.else ?? [],
  };
  return stepOf("Condition", name, Arguments, options);
}

/** Calls a Lambda function with the inputs. */
export function lambdaStep(
  name: string,
  call: {
    /** Its ARN. */
    readonly function: string;
    readonly inputs?: Readonly<Record<string, Value>> | undefined;
    /** What later steps take from its answer. */
    readonly outputs?: Readonly<Record<string, "String" | "Integer" | "Boolean" | "Float">> | undefined;
  },
  options: FlowOptions = {},
): DefinedStep {
  const { function: FunctionArn, inputs = {}, outputs = {} } = decodeWith(lambdaDecoder, call, titleOf(name), "step");
  const OutputParameters = Object.entries(outputs).map(([OutputName, OutputType]) => ({ OutputName, OutputType }));
  return { ...stepOf("Lambda", name, inputs, options), FunctionArn, OutputParameters };
}

/** Ends the execution as failed, with a message. */
export const failStep = (name: string, message: string | Reference, options: FlowOptions = {}): DefinedStep => {
  const ErrorMessage = decodeWith(ref(text(3072)), message, titleOf(name), "step.message");
  return stepOf("Fail", name, { ErrorMessage }, options);
};

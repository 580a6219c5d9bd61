import { ChurnkitError } from "../../../base/errors.js";
import type { DefinedStep } from "../pipeline/step.js";
import { isReference, type Reference } from "../requests/referable.js";

/** A piece of a text: as it is, or a path or call of the States language. */
type Piece = string | { readonly call: string };
type Value = string | number | boolean | Reference;

/** Writes references of a pipeline in the States language. */
export interface Expressions {
  /** The pieces of a value as text. */
  pieces(value: Value): readonly Piece[];
  /** A path or a call that gives a reference's value. */
  call(reference: Reference): string;
  /** A payload template: a member whose value is a reference gets the ending `.$`. */
  template(value: object): Readonly<Record<string, unknown>>;
}

/** A member of data: `$.Steps.Train`, `$.Steps['train-1']`. */
export const memberOf = (path: string, name: string): string =>
  /^[A-Za-z_]\w*(\[\d+\])*$/.test(name) ? `${path}.${name}` : `${path}['${name}']`;

/** Members whose values are texts, even where a parameter is a number. */
const textMaps: ReadonlySet<string> = new Set([
  "HyperParameters",
  "StaticHyperParameters",
  "Environment",
  "CustomerMetadataProperties",
]);

const quoted = (text: string, escaped = /[\\'{}]/g): string => `'${text.replace(escaped, "\\$&")}'`;

/** A path to one place, which a rule of a Choice can read. */
export const isPath = (call: string): boolean => /^\$[\w.$'[\]-]*$/.test(call);

/** A text of pieces, as a call. Braces are values: between those of places, interpreters read escaped ones differently. */
export function callOf(pieces: readonly Piece[]): string {
  const [only] = pieces;
  if (pieces.length === 1 && typeof only === "object") return only.call;
  const parts = pieces.flatMap((piece): readonly Piece[] =>
    typeof piece === "string"
      ? piece.split(/([{}]+)/).map((part, i) => (i % 2 === 0 ? part : { call: quoted(part) }))
      : [piece],
  );
  const format = parts.map((part) => (typeof part === "string" ? part : "{}")).join("");
  const values = parts.flatMap((part) => (typeof part === "string" ? [] : [part.call]));
  return `States.Format(${[quoted(format, /[\\']/g), ...values].join(", ")})`;
}

/**
 * Writes the references of these steps, whose results are in `$.Steps`.
 *
 * @param names the names that a machine gives to what steps make, by step.
 */
export function expressionsOf(steps: readonly DefinedStep[], names: (step: DefinedStep) => string): Expressions {
  const byName = new Map(steps.map((step) => [step.Name, step]));

  function pieces(value: Value): readonly Piece[] {
    if (!isReference(value)) return [String(value)];
    if ("Std:Join" in value) {
      const { On, Values } = value["Std:Join"];
      return merged(Values.flatMap((each, i) => (i === 0 ? pieces(each) : [On, ...pieces(each)])));
    }
    if ("Std:JsonGet" in value) {
      const { PropertyFile, Path } = value["Std:JsonGet"];
      const [, step = "", , file = ""] = PropertyFile.Get.split(".");
      return [{ call: Path.split(".").reduce(memberOf, `${filePath(step, file)}.content`) }];
    }
    const [kind, name = "", ...rest] = value.Get.split(".");
    const step = kind === "Steps" ? byName.get(name) : undefined;
    return step === undefined ? [{ call: pathOf(value.Get) }] : property(step, rest.join("."));
  }

  /** A member of a step's description: an output's place and a name are known before the step runs. */
  function property(step: DefinedStep, path: string): readonly Piece[] {
    const [, output] = /^ProcessingOutputConfig\.Outputs\['([^']*)'\]\.S3Output\.S3Uri$/.exec(path) ?? [];
    const uri = output === undefined ? undefined : outputUri(step, output);
    if (uri !== undefined) return pieces(uri);
    if (step.Type === "Model" && path === "ModelName") return [{ call: names(step) }];
    const result = memberOf("$.Steps", step.Name);
    const [, metric] = /^FinalMetricDataList\['([^']*)'\]\.Value$/.exec(path) ?? [];
    return [
      {
        call:
          metric === undefined
            ? `${result}.${path}`
            : `States.ArrayGetItem(${result}.FinalMetricDataList[?(@.MetricName == '${metric}')].Value, 0)`,
      },
    ];
  }

  const call = (reference: Reference): string => callOf(pieces(reference));

  function template(value: object, areTexts = false): Readonly<Record<string, unknown>> {
    const filled = (item: unknown, key: string): unknown =>
      Array.isArray(item)
        ? item.map((each) => filled(each, key))
        : typeof item === "object" && item !== null
          ? template(item, textMaps.has(key))
          : item;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]: [string, unknown]) => {
        if (isReference(member)) return [`${key}.$`, areTexts ? callOf(["", ...pieces(member)]) : call(member)];
        if (Array.isArray(member) && member.some(isReference)) return [`${key}.$`, array(member as Value[])];
        return [key, filled(member, key)];
      }),
    );
  }

  const array = (items: readonly Value[]): string =>
    `States.Array(${items.map((item) => (isReference(item) ? call(item) : quoted(String(item)))).join(", ")})`;

  return { pieces, call, template };
}

/** Where a property file of a step is in the data. */
export const filePath = (step: string, file: string): string =>
  memberOf(`${memberOf("$.Steps", step)}.PropertyFiles`, file);

/** An id of the execution for names, 32 characters: its own name may be longer than a job's may be. */
export const executionId = "$.ExecutionId";

const facts: Readonly<Record<string, string>> = {
  "Execution.PipelineName": "$$.StateMachine.Name",
  "Execution.PipelineArn": "$$.StateMachine.Id",
  "Execution.PipelineExecutionId": executionId,
  "Execution.PipelineExecutionArn": "$$.Execution.Id",
  "Execution.StartDateTime": "$$.Execution.StartTime",
  "Execution.CurrentDateTime": "$$.State.EnteredTime",
};

/** Where a parameter or a fact about the execution is. */
const pathOf = (get: string): string => facts[get] ?? memberOf("$.Parameters", get.split(".")[1] ?? "");

/** The place of an output of a processing step. */
export function outputUri({ Arguments }: DefinedStep, output: string): string | Reference | undefined {
  const { Outputs = [] } = (Arguments["ProcessingOutputConfig"] ?? {}) as {
    Outputs?: readonly { OutputName: string; S3Output: { S3Uri: string | Reference } }[];
  };
  return Outputs.find(({ OutputName }) => OutputName === output)?.S3Output.S3Uri;
}

/** Bucket and key of a place in S3 whose bucket is known now. */
export function objectOf(pieces: readonly Piece[], step: string): { Bucket: string } & Record<string, unknown> {
  const [first, ...rest] = pieces;
  const [, Bucket, key] = (typeof first === "string" && /^s3:\/\/([^/]+)\/(.*)$/s.exec(first)) || [];
  if (Bucket === undefined || key === undefined)
    throw new ChurnkitError(
      "PIPELINE_INVALID",
      `The step ${JSON.stringify(step)} has a property file in an output whose bucket is a parameter. Step Functions needs the bucket: begin the output's URI with it.`,
      { where: { path: `steps.${step}` } },
    );
  return rest.length === 0 ? { Bucket, Key: key } : { Bucket, "Key.$": callOf([key, ...rest]) };
}

/** Joins neighboring texts. */
function merged(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (typeof piece === "string" && typeof last === "string") result[result.length - 1] = last + piece;
    else result.push(piece);
  }
  return result;
}

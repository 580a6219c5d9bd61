import { ChurnkitError } from "../base/errors.js";
import { type Decoded, documentError, JsonValue, parseJson } from "../base/json/index.js";
import { learnerNamed, learnerNames } from "../model/training/index.js";
import { itemName, withLists } from "../model/tuning/index.js";
import { trainParams } from "./standard/train-watched.js";

/** Settings that describe the rows where no contract does, as the job `ingest` takes them. */
const ofRows = { target: "text", positive: "text", id: "list", text: "list", ignore: "list" } as const;
/** Params of the job `train`. */
const ofTraining = { learner: "text", options: "value", seed: "value", facets: "list", baseline: "value" } as const;
const plain: Readonly<Record<string, "text" | "list" | "value">> = { ...ofRows, ...ofTraining };

/** A training as hyperparameters describe it. */
export interface HyperparameterSettings {
  readonly rows: {
    readonly target?: string;
    readonly positive?: string;
    readonly id?: readonly string[];
    readonly text?: readonly string[];
    readonly ignore?: readonly string[];
  };
  /** Params of the job `train`. */
  readonly training: Decoded<typeof trainParams>;
}

const malformed = documentError("OPTION_INVALID", "", "Correct the hyperparameter.");

/**
 * Reads a training from hyperparameters: names and texts, as SageMaker gives them. A list is written as JSON or with commas; the
 * options of a learner may stand beside the others, where they win over those in `options`, and an item of a list alone, as tuning needs
 * it, is `units1`, `units2` and so on. What SageMaker adds (`_tuning_objective_metric`, `sagemaker_...`) is left out.
 *
 * @throws ChurnkitError OPTION_INVALID for one that is not known or has a wrong value.
 */
export function settingsOf(hyperparameters: Readonly<Record<string, string>>): HyperparameterSettings {
  const rows: Record<string, unknown> = {};
  const training: Record<string, unknown> = {};
  const options: Record<string, unknown> = {};
  const learner = textOf(hyperparameters["learner"] ?? "network");
  const known = optionsOf(learner);
  for (const [name, text] of Object.entries(hyperparameters)) {
    if (/^_|^sagemaker[_-]/.test(name)) continue;
    const form = Object.hasOwn(plain, name) ? plain[name] : undefined;
    const [, list = ""] = itemName.exec(name) ?? [];
    if (form !== undefined)
      (name in ofRows ? rows : training)[name] = form === "list" ? read.list(text).map(String) : read[form](text);
    else if (Array.isArray(known[name])) options[name] = read.list(text).map(read.value);
    else if (Object.hasOwn(known, name) || Array.isArray(known[list])) options[name] = read.value(text);
    else throw unknown(name, learner, known);
  }
  return {
    rows,
    training: trainParams(
      JsonValue.of(withOptions(training, withLists(known, options)), "The training job", malformed, "hyperparameters"),
    ),
  };
}

/** The options of a learner, with their defaults; an engine is code, which no text can name. */
function optionsOf(learner: string): Readonly<Record<string, unknown>> {
  const { parameters } = learnerNamed(learner === "auto" ? "network" : learner);
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== "engine"));
}

/** Some libraries write every hyperparameter as JSON, a text in quotes. */
const textOf = (text: string): string => {
  const value = /^".*"$/s.test(text) ? valueOf(text) : text;
  return typeof value === "string" ? value : text;
};

const valueOf = (text: string): unknown => {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
};

const read = {
  text: textOf,
  value: (text: unknown): unknown => (typeof text === "string" ? valueOf(text.trim()) : text),
  list: (text: string): unknown[] => {
    const value = valueOf(text);
    if (Array.isArray(value)) return value as unknown[];
    return textOf(text)
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  },
};

function withOptions(training: Readonly<Record<string, unknown>>, options: object): object {
  const { options: given = {} } = training;
  // What is no object is refused as such.
  return { ...training, options: isObject(given) ? { ...given, ...options } : given };
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function unknown(name: string, learner: string, known: Readonly<Record<string, unknown>>): ChurnkitError {
  const options = Object.entries(known).map(([option, value]) =>
    Array.isArray(value) ? `${option} (or ${option}1, ${option}2, ...)` : option,
  );
  return new ChurnkitError(
    "OPTION_INVALID",
    `There is no hyperparameter ${JSON.stringify(name.slice(0, 80))}. Use one of ${[...Object.keys(plain), ...options].join(", ")}; ` +
      `the learner is ${learner}, another one of ${learnerNames.join(", ")} has other options.`,
    { where: { path: name } },
  );
}

import { formatDate } from "../../data/contract/cells/date.js";
import type { SignatureInput } from "./signature-input.js";
import { signatureHash, type Signature } from "./signature.js";

/** More labels than this are a `string`: the compiler gives up on unions that are far larger. */
const mostLabels = 1000;

/** How the types are called. */
export interface SignatureTypesOptions {
  /** The model's name: "churn" gives `ChurnRequest` and `ChurnResponse`. */
  readonly name: string;
}

/** A text as a string literal, on one line whatever it holds. */
const quote = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** A text inside a comment, which it cannot end. */
const commented = (text: string): string => quote(text).replaceAll("*/", "*\\/");

const unionOf = (labels: readonly string[]): string =>
  labels.length > mostLabels ? "string" : [...new Set(labels)].map(quote).join(" | ");

function typeOf(input: SignatureInput): string {
  switch (input.kind) {
    case "number":
      return "number";
    case "boolean":
      return `boolean | ${unionOf([...input.truthy, ...input.falsy])}`;
    case "date":
      return "string | Date";
    case "category":
      if (!input.open) return unionOf(input.levels);
      // Known labels are offered by editors, others accepted.
      return input.levels.length === 0 || input.levels.length > mostLabels
        ? "string"
        : `${unionOf(input.levels)} | (string & {})`;
    case "text":
      return "string";
  }
}

const nouns: Readonly<Record<SignatureInput["kind"], string>> = {
  number: "A number",
  boolean: "True or false",
  date: "An ISO 8601 date",
  category: "A label",
  text: "A text",
};

function commentOf(input: SignatureInput): string {
  const { kind, unit } = input;
  const facts = [kind === "number" && input.integer ? "A whole number" : nouns[kind]];
  if (unit !== undefined) facts.push(`unit ${commented(unit)}`);
  if (kind === "number" || kind === "date") {
    const show = (value: number): string =>
      input.kind === "date" ? formatDate(value, input.precision) : String(value);
    if (input.min !== undefined) facts.push(`from ${show(input.min)}`);
    if (kind === "number" && input.exclusiveMin !== undefined) facts.push(`above ${input.exclusiveMin}`);
    if (input.max !== undefined) facts.push(`to ${show(input.max)}`);
    if (kind === "number" && input.exclusiveMax !== undefined) facts.push(`below ${input.exclusiveMax}`);
    if (kind === "number" && input.multipleOf !== undefined) facts.push(`a multiple of ${input.multipleOf}`);
  }
  if (kind === "category" && input.open) facts.push("others are scored as unknown");
  if (kind === "text" && input.maxLength !== undefined) facts.push(`at most ${input.maxLength} characters`);
  return `  /** ${facts.join(", ")}. */`;
}

const inputLines = (input: SignatureInput): string[] => [
  commentOf(input),
  `  readonly ${quote(input.name)}${input.required ? "" : "?"}: ${typeOf(input)}${input.nullable ? " | null" : ""}${input.required ? "" : " | undefined"};`,
];

/** "telco-churn" gives TelcoChurn; a name without a letter to begin with gives Model. */
function typeName(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return /^[A-Za-z]/.test(joined) && joined.length <= 60 ? joined : "Model";
}

/**
 * Types for consumers of a model, as the text of a `.ts` or `.d.ts` file: the request's and the response's interfaces and
 * the signature's hash as a literal. Where it is made anew from an incompatible signature, consumers that build requests by
 * the old one, or pin the old hash, no longer compile. Names and labels stand in it as string literals, whatever they hold.
 *
 * @example
 * ```ts
 * import { syntheticContract } from "churnkit/data";
 * import { signatureOf, signatureTypes } from "churnkit/registry";
 *
 * const text = await signatureTypes(signatureOf(syntheticContract), { name: "churn" });
 * console.assert(text.includes("export interface ChurnRequest {"));
 * ```
 */
export async function signatureTypes(signature: Signature, { name }: SignatureTypesOptions): Promise<string> {
  const { inputs, ids, output } = signature;
  const type = typeName(name);
  const hash = await signatureHash(signature);
  const label = output === null ? "string" : unionOf(output.classes);
  const answer = output === null ? "" : ` Predicts ${commented(output.target)}.`;
  return [
    `/** Made by churnkit of the signature of the model ${commented(name)}; make it anew instead of changing it. */`,
    "",
    `/** One record to score.${answer} */`,
    `export interface ${type}Request {`,
    ...inputs.flatMap(inputLines),
    ...ids.flatMap((id) => ["  /** Names the record; not looked at. */", `  readonly ${quote(id)}?: unknown;`]),
    "}",
    "",
    "/** The answer to one record. */",
    `export interface ${type}Response {`,
    "  /** The label at the model's threshold. */",
    `  readonly prediction: ${label};`,
    `  /** Of ${output === null ? "the positive class" : commented(output.positive)}, in [0, 1]. */`,
    "  readonly probability: number;",
    "}",
    "",
    "/** SHA-256 of the signature. */",
    `export const signatureHash = ${quote(hash)};`,
    "",
  ].join("\n");
}

import { ChurnkitError } from "../../base/errors.js";
import { sha256Hex } from "../../base/hash.js";
import { canonicalJson, flag, type JsonValue } from "../../base/json/index.js";
import { type Contract, contractLimits, parseContract } from "../../data/contract/index.js";
import { compareInputs } from "./signature-changes.js";
import { inputOf, type SignatureInput } from "./signature-input.js";

/** Output of a model: the label whose probability it returns, and all classes. */
export interface SignatureOutput {
  /** The target column's name. */
  readonly target: string;
  /** In the contract's order, negative first for a binary target. */
  readonly classes: readonly string[];
  readonly positive: string;
}

/** Inputs and outputs of a model, as its consumers see them; plain JSON. */
export interface Signature {
  /** The feature columns, in the contract's order. */
  readonly inputs: readonly SignatureInput[];
  /** Columns that identify a record; they may be sent, and any value is accepted. */
  readonly ids: readonly string[];
  /** Null if the contract has no target. */
  readonly output: SignatureOutput | null;
}

/**
 * Ways in which one signature differs from another. Each change states whether it breaks consumers, because that may
 * depend on the rest: levels removed from an open category are still accepted.
 */
export const signatureChanges = {
  inputAdded: "a column was added",
  inputRemoved: "a column was removed; values sent for it are ignored",
  inputsReordered: "the columns are in a different order; records name them, so consumers are not affected",
  idsChanged: "other id columns",
  kindChanged: "a different kind of column",
  becameRequired: "the column is now required in a file",
  becameOptional: "the column is now optional in a file",
  becameNotNullable: "a value is now required",
  becameNullable: "the value may now be missing",
  missingAdded: "more texts mean missing",
  missingRemoved: "fewer texts mean missing",
  unitChanged: "another unit",
  rangeNarrowed: "narrower limits",
  rangeWidened: "wider limits",
  becameInteger: "whole numbers only now",
  becameReal: "fractions are accepted now",
  stepChanged: "another step",
  formatChanged: "numbers or dates have a different format",
  textsChanged: "other texts for true and false",
  precisionChanged: "days instead of instants, or the reverse",
  levelsAdded: "more levels",
  levelsRemoved: "fewer levels",
  becameClosed: "unknown levels are refused now",
  becameOpen: "unknown levels are accepted now",
  lengthNarrowed: "shorter texts only",
  lengthWidened: "longer texts",
  targetChanged: "another target",
  classesChanged: "other classes",
  positiveChanged: "another positive class",
} as const;

/** A name of {@link signatureChanges}. */
export type SignatureChangeKind = keyof typeof signatureChanges;

/** One difference between two signatures; plain JSON. */
export interface SignatureChange {
  /** The column; empty for all of them. */
  readonly column: string;
  readonly change: SignatureChangeKind;
  /** Whether a request that was accepted before is refused now, or an answer has a different meaning. */
  readonly breaking: boolean;
  /** One sentence for people. */
  readonly message: string;
}

/** Comparison of two signatures; plain JSON. */
export interface SignatureComparison {
  /** True if nothing is breaking. */
  readonly compatible: boolean;
  readonly changes: readonly SignatureChange[];
}

/**
 * Returns the signature of a contract. It leaves out ranges and levels that were only learned from data, so training
 * again on other rows does not change it.
 *
 * @example
 * ```ts
 * import { syntheticContract } from "churnkit/data";
 * import { compareSignatures, signatureOf } from "churnkit/registry";
 *
 * const before = signatureOf(syntheticContract);
 * const after = { ...before, inputs: before.inputs.slice(1) };
 * const { compatible, changes } = compareSignatures(before, after);
 * console.assert(compatible && changes[0]?.change === "inputRemoved");
 * ```
 */
export function signatureOf(contract: Contract): Signature {
  const { columns, target, origin } = contract;
  return {
    inputs: columns.filter(({ role }) => role === "feature").map((column) => inputOf(column, origin)),
    ids: columns.filter(({ role }) => role === "id").map(({ name }) => name),
    output: target === undefined ? null : { target: target.column, classes: target.classes, positive: target.positive },
  };
}

/**
 * Reads a signature from JSON, as strictly as a contract: it is checked as the contract that it describes. Throws the
 * reader's own error if it is invalid.
 */
export function parseSignature(json: JsonValue): Signature {
  const output = json.get("output");
  const target = output.absent
    ? undefined
    : {
        column: output.get("target").value,
        classes: output.get("classes").value,
        positive: output.get("positive").value,
      };
  const plain = { nullable: true, optional: true, missing: [] };
  const inputs = json
    .get("inputs")
    .items(contractLimits.columns)
    .map((input) => {
      const { required, ...rest } = input.object();
      flag(input.get("required"));
      return { ...rest, role: "feature", optional: required === false };
    });
  const ids = json
    .get("ids")
    .list(contractLimits.columns)
    .map((name) => ({ ...plain, name, kind: "text", role: "id" }));
  const targets =
    target === undefined
      ? []
      : [{ ...plain, name: target.column, kind: "category", role: "target", levels: target.classes, open: false }];
  try {
    return signatureOf(
      parseContract({
        format: 1,
        name: "signature",
        origin: "declared",
        columns: [...inputs, ...ids, ...targets],
        ...(target && { target }),
      }),
    );
  } catch (cause) {
    if (!ChurnkitError.isInstance(cause)) throw cause;
    throw json.refused(`holds a signature that cannot be used (${cause.message})`);
  }
}

/** SHA-256 (hex) of a signature: equal exactly if {@link compareSignatures} finds no change. */
export function signatureHash(signature: Signature): Promise<string> {
  return sha256Hex(new TextEncoder().encode(canonicalJson(signature)));
}

/**
 * Returns whether the second signature accepts every request that the first accepts, and its answer means the same. A
 * request is a record, or a file's row, of the columns that the first signature names; keys that a signature does not
 * name are ignored. If only the values could decide (another step), the change counts as breaking.
 *
 * @param before the signature that consumers were made for.
 * @param after the current signature.
 */
export function compareSignatures(before: Signature, after: Signature): SignatureComparison {
  const changes = [...inputChanges(before, after), ...outputChanges(before.output, after.output)];
  return { compatible: !changes.some(({ breaking }) => breaking), changes };
}

/**
 * Refuses a model that a consumer was not made for.
 *
 * @throws ChurnkitError SIGNATURE_MISMATCH naming every breaking difference (the first ten of many).
 */
export function assertSignature(pinned: Signature, actual: Signature): void {
  const breaking = compareSignatures(pinned, actual).changes.filter((change) => change.breaking);
  if (breaking.length === 0) return;
  const shown = breaking.slice(0, 10).map(({ message }) => message);
  const more = breaking.length > shown.length ? `; and ${breaking.length - shown.length} more` : "";
  throw new ChurnkitError(
    "SIGNATURE_MISMATCH",
    `The model's inputs or outputs do not match this consumer: ${shown.join("; ")}${more}. ` +
      "Serve a model of the pinned signature, or generate the consumer's types again and adapt it.",
    { where: { column: breaking[0]?.column } },
  );
}

const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);

function inputChanges(before: Signature, after: Signature): SignatureChange[] {
  const old = new Map(before.inputs.map((input) => [input.name, input]));
  const now = new Map(after.inputs.map((input) => [input.name, input]));
  const changes: SignatureChange[] = [];
  for (const input of before.inputs) {
    const { name: column } = input;
    const other = now.get(column);
    if (other !== undefined) changes.push(...compareInputs(input, other));
    else
      changes.push({
        column,
        change: "inputRemoved",
        breaking: false,
        message: `${column} was removed; values sent for it are ignored`,
      });
  }
  // Values sent as an id or with the target were never checked.
  const unchecked = new Set([...before.ids, ...(before.output === null ? [] : [before.output.target])]);
  for (const { name: column, required } of after.inputs) {
    if (old.has(column)) continue;
    const why = required ? "and is required" : unchecked.has(column) ? "and was ignored before" : "and may be left out";
    changes.push({
      column,
      change: "inputAdded",
      breaking: required || unchecked.has(column),
      message: `${column} is added ${why}`,
    });
  }
  const kept = (inputs: readonly SignatureInput[], others: ReadonlyMap<string, unknown>): string =>
    canonicalJson(inputs.filter(({ name }) => others.has(name)).map(({ name }) => name));
  if (kept(before.inputs, now) !== kept(after.inputs, old)) {
    changes.push({
      column: "",
      change: "inputsReordered",
      breaking: false,
      message: "the columns are in a different order",
    });
  }
  if (canonicalJson(before.ids) !== canonicalJson(after.ids)) {
    const listed = after.ids.map(quoted).join(", ") || "none";
    changes.push({ column: "", change: "idsChanged", breaking: false, message: `the id columns are ${listed} now` });
  }
  return changes;
}

function outputChanges(before: SignatureOutput | null, after: SignatureOutput | null): SignatureChange[] {
  const column = before?.target ?? after?.target ?? "";
  if (before === null || after === null || before.target !== after.target) {
    const same = before === null && after === null;
    const message = `the target is ${after === null ? "gone" : quoted(after.target)}, and was ${before === null ? "none" : quoted(before.target)}`;
    return same ? [] : [{ column, change: "targetChanged", breaking: true, message }];
  }
  const changes: SignatureChange[] = [];
  if (canonicalJson(before.classes) !== canonicalJson(after.classes)) {
    const others = canonicalJson([...before.classes].sort()) !== canonicalJson([...after.classes].sort());
    const message = `the classes are ${after.classes.map(quoted).join(", ")} now, and were ${before.classes.map(quoted).join(", ")}`;
    changes.push({ column, change: "classesChanged", breaking: others, message });
  }
  if (before.positive !== after.positive) {
    const message = `the probability is that of ${quoted(after.positive)} now, and was that of ${quoted(before.positive)}`;
    changes.push({ column, change: "positiveChanged", breaking: true, message });
  }
  return changes;
}

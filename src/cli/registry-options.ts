import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { ChurnkitError } from "../base/errors.js";
import { type Gate, gates, parseGate } from "../registry/gates/index.js";
import { reasonOf } from "./output.js";
import { parseJson } from "../base/json/index.js";

/** Gates that a bundle's own metrics can answer are absolute; the others compare with a rival on the same rows. */
type Reach = "absolute" | "all";

const isAbsolute = (gate: Gate): boolean =>
  gate.requirements.every((one) => "metric" in one && ("min" in one || "max" in one));

const named: readonly Gate[] = Object.values(gates);

const namesOf = (reach: Reach): string[] =>
  named.filter((gate) => reach === "all" || isAbsolute(gate)).map(({ name }) => name);

/** The gates with a name, for a description. */
export const gateNames = (reach: Reach): string => namesOf(reach).join(", ");

/** Reads a gate by name or from a JSON file; repeated ones are collected. */
export function gateOption(reach: Reach): (text: string, before?: readonly Gate[]) => readonly Gate[] {
  return (text, before = []) => {
    const gate = named.find(({ name }) => name === text) ?? (text.endsWith(".json") ? gateFile(text) : undefined);
    if (gate === undefined || (reach === "absolute" && !isAbsolute(gate))) {
      throw new InvalidArgumentError(
        `Use one of ${gateNames(reach)}, or a JSON file${reach === "absolute" ? " with absolute requirements only" : ""}.`,
      );
    }
    return [...before, gate];
  };
}

function gateFile(path: string): Gate {
  try {
    return parseGate(parseJson(readFileSync(path, "utf8")));
  } catch (error) {
    const why = reasonOf(error);
    throw new InvalidArgumentError(
      `${path} is not a gate${ChurnkitError.isInstance(error) ? "" : " that can be read"}: ${why}`,
    );
  }
}

/** Collects `name=value`, each name once. */
export function tagOption(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write it as name=value.");
  const name = text.slice(0, at);
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} is given twice.`);
  return Object.fromEntries([...Object.entries(before), [name, text.slice(at + 1)]]);
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

/** Parses a version as a user types it: a number, a semantic version, an alias, a stage or `latest`. */
export const reference = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text);

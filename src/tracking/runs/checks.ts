import { ChurnkitError } from "../../base/errors.js";
import { checkKey } from "../../io/store/index.js";

const namePattern = /^[A-Za-z0-9_\-./: ]{1,250}$/;
/** What every tracker keeps whole. */
const longestValue = 5_000;
/** With the names of the experiment and the run before it, it is still a key of every store. */
const longestArtifact = 600;

const refused = (what: string): ChurnkitError => new ChurnkitError("OPTION_INVALID", what);

/** @throws ChurnkitError OPTION_INVALID. */
export function checkName(kind: string, name: string): void {
  if (namePattern.test(name) && !name.includes("..") && !/^[./ ]|[./ ]$/.test(name)) return;
  throw refused(
    `The ${kind} ${JSON.stringify(name.slice(0, 80))} cannot be tracked. Use 1 to 250 letters, digits, spaces and _-./:, ` +
      "not beginning or ending with a dot, slash or space.",
  );
}

/** @throws ChurnkitError OPTION_INVALID. */
export function checkValue(kind: string, name: string, value: string): void {
  checkName(kind, name);
  if (value.length > longestValue)
    throw refused(
      `The ${kind} ${name} has ${value.length} characters; at most ${longestValue} can be tracked. Log it as an artifact.`,
    );
}

/** @throws ChurnkitError OPTION_INVALID. */
export function checkMetric(name: string, value: unknown, step: number): void {
  checkName("metric", name);
  if (typeof value !== "number") throw refused(`The metric ${name} must be a number, not ${typeof value}.`);
  if (!Number.isSafeInteger(step) || step < 0)
    throw refused(`The step of the metric ${name} must be a whole number of 0 or more, not ${step}.`);
}

/** @throws ChurnkitError OPTION_INVALID. */
export function checkArtifact(name: string): void {
  checkKey(name);
  if (name.length > longestArtifact)
    throw refused(
      `The artifact ${name.slice(0, 80)}… has a name of ${name.length} characters. Use at most ${longestArtifact}.`,
    );
}

const contentTypes: Readonly<Record<string, string>> = {
  svg: "image/svg+xml",
  png: "image/png",
  html: "text/html; charset=utf-8",
  json: "application/json",
  jsonl: "application/x-ndjson",
  csv: "text/csv",
  txt: "text/plain; charset=utf-8",
  md: "text/markdown",
  gz: "application/gzip",
};

/** The content type of a file by its name. */
export const contentTypeOf = (name: string): string => {
  const ending = name.slice(name.lastIndexOf(".") + 1);
  return Object.hasOwn(contentTypes, ending) ? (contentTypes[ending] ?? "") : "application/octet-stream";
};

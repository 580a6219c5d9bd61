import { ChurnkitError } from "../base/errors.js";
import { count, oneOf, text, JsonValue } from "../base/json/index.js";
import { parseMetrics } from "../model/bundle/index.js";
import type { ChangeNote, PromoteOptions, RegisterOptions } from "./registry.js";
import { parseVerdict } from "./versions/version-record.js";
import { versionStages, versionStatuses, type VersionStage, type VersionStatus } from "./versions/version.js";

// A value that the strict reader would refuse later makes the whole registry unreadable, so refuse it before writing.
// TypeScript's types do not check a form or a request body.

const given = (what: string, value: unknown): JsonValue =>
  JsonValue.of(
    value,
    what,
    (_, says) => new ChurnkitError("OPTION_INVALID", `The ${what} given ${says}.`, { where: { value } }),
  );

const longest = { by: 256, reason: 2_000 } as const;

/** @throws ChurnkitError OPTION_INVALID if who or why is not a text, or longer than every driver can keep. */
export function checkNote(note: ChangeNote): void {
  for (const name of ["by", "reason"] as const) {
    const value = note[name];
    if (value === undefined) continue;
    if (text()(given(name, value)).length > longest[name])
      throw new ChurnkitError(
        "OPTION_INVALID",
        `"${name}" has ${value.length} characters: up to ${longest[name]} are kept. Shorten it.`,
      );
  }
}

/** @throws ChurnkitError OPTION_INVALID. */
export function checkPromotion({ verdict, ...note }: Pick<PromoteOptions, "verdict" | "by" | "reason">): void {
  checkNote(note);
  if (verdict !== undefined) parseVerdict(given("verdict", verdict));
}

/** @throws ChurnkitError OPTION_INVALID. */
export function checkRegistration(bundle: unknown, { metrics, run = {}, ...rest }: RegisterOptions): void {
  if (typeof bundle !== "object" || bundle === null || !["contract", "read", "get"].some((name) => name in bundle)) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      "This is not a bundle. Give an artifact, a Map of a bundle's files, or a source that bundleSource makes.",
    );
  }
  checkPromotion(rest);
  if (metrics !== undefined) parseMetrics(given("metrics", metrics));
  const { parent, runId, trainedBy, trainedWhere } = run;
  if (parent !== undefined) count(1)(given("parent", parent));
  for (const value of [runId, trainedBy, trainedWhere]) if (value !== undefined) text()(given("run", value));
}

/** @throws ChurnkitError OPTION_INVALID. */
export const checkStatus = (status: VersionStatus): VersionStatus => oneOf(versionStatuses)(given("status", status));

/** @throws ChurnkitError OPTION_INVALID. */
export const checkStage = (stage: VersionStage): VersionStage => oneOf(versionStages)(given("stage", stage));

import { count, list, JsonValue, type DocumentError } from "../../../base/json/index.js";
import type { AliasEntry } from "../../registry-state.js";

/**
 * Former targets of an alias, newest first. MLflow's own alias has only the newest, and the alias and the tag with
 * the trail are set one after the other. So the tag has two trails, after and before a change, and is set first: the
 * trail that begins at the alias' target counts, whether or not the alias was moved before a kill.
 */
export type Trail = readonly number[];

export const trailTag = (alias: string): string => `churnkit.former.${alias}`;

const maxTrail = 1_000;
const twoTrails = list(list(count(1), maxTrail), 2);

/** @throws ChurnkitError from `fail` for a tag that is not two trails. */
export function readAlias(alias: string, version: number, tag: string | undefined, fail: DocumentError): AliasEntry {
  if (tag === undefined) return { alias, version, former: [] };
  const trails = twoTrails(JsonValue.parse(tag, trailTag(alias), fail));
  const known = trails.find(([newest]) => newest === version);
  // Moved by somebody else: it pointed to the newest of the previous trail.
  return { alias, version, former: known === undefined ? (trails[0] ?? []) : known.slice(1) };
}

export function writeTrail(next: AliasEntry, present: AliasEntry | undefined): string {
  const trail = ({ version, former }: AliasEntry): Trail => [version, ...former];
  return JSON.stringify(present === undefined ? [trail(next)] : [trail(next), trail(present)]);
}

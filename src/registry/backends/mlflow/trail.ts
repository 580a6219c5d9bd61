import { count, list, JsonValue, type DocumentError } from "../../../base/json/index.js";
import type { AliasEntry } from "../../registry-state.js";

/**
 * Where an alias pointed, newest first. MLflow's own alias holds the newest only, and it and the tag with the trail are
 * set one after the other. So the tag holds two trails, that after a change and that before it, and is set first: the
 * one that begins where the alias points is the one that counts, whether or not the alias was moved before a kill.
 */
export type Trail = readonly number[];

export const trailTag = (alias: string): string => `churnkit.former.${alias}`;

const maxTrail = 1_000;
const twoTrails = list(list(count(1), maxTrail), 2);

/** @throws ChurnkitError of `fail` for a tag that is not two trails. */
export function readAlias(alias: string, version: number, tag: string | undefined, fail: DocumentError): AliasEntry {
  if (tag === undefined) return { alias, version, former: [] };
  const trails = twoTrails(JsonValue.parse(tag, trailTag(alias), fail));
  const known = trails.find(([newest]) => newest === version);
  // Moved by somebody else: it pointed to the newest of the trail before.
  return { alias, version, former: known === undefined ? (trails[0] ?? []) : known.slice(1) };
}

export function writeTrail(next: AliasEntry, present: AliasEntry | undefined): string {
  const trail = ({ version, former }: AliasEntry): Trail => [version, ...former];
  return JSON.stringify(present === undefined ? [trail(next)] : [trail(next), trail(present)]);
}

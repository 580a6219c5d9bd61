import { list, object, text, withDefault, type JsonValue } from "../../base/json/index.js";

/** Tags of a run or version by name; parameters of a run have the same form. */
export type Tags = ReadonlyMap<string, string>;

const tagList = withDefault(list(object({ key: text(), value: withDefault(text(), "") })), []);

/** MLflow's `[{ key, value }]`; an empty value may be missing. */
export const readTags = (json: JsonValue): Tags => new Map(tagList(json).map(({ key, value }) => [key, value]));

export const writeTags = (tags: Readonly<Record<string, string>>): { readonly key: string; readonly value: string }[] =>
  Object.entries(tags).map(([key, value]) => ({ key, value }));

import type { Target } from "@aws-sdk/client-eventbridge";
import { parseJson } from "../../base/json/index.js";
import { innerJson, invalid } from "../front/aws-error.js";
import { lookUp } from "../states/paths.js";

/** What a target gets of an event: all of it, a part, a constant, or a template with parts of it. */
export function inputOf({ Input, InputPath, InputTransformer }: Target, event: unknown): unknown {
  if (Input !== undefined) return innerJson(Input, "ValidationException");
  const at = (path: string): unknown => lookUp(path, { data: event, context: {}, variables: {} }).value;
  if (InputPath !== undefined) return at(InputPath);
  if (InputTransformer === undefined) return event;
  const { InputPathsMap = {}, InputTemplate = "" } = InputTransformer;
  let quoted = false;
  const text = InputTemplate.replace(/\\.|"|<([\w.-]+)>/g, (part, name: string | undefined) => {
    if (part === '"') quoted = !quoted;
    if (name === undefined) return part;
    const path = Object.hasOwn(InputPathsMap, name) ? InputPathsMap[name] : undefined;
    if (path === undefined) throw invalid(`The input template names <${name}>, which has no path.`);
    const value = JSON.stringify(at(path) ?? null);
    // Inside a text only the text itself stands, without its quotes.
    return quoted && value.startsWith('"') ? value.slice(1, -1) : value;
  });
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

import type { Command } from "commander";
import {
  count,
  documentError,
  flag,
  JsonValue,
  list,
  number,
  optional,
  strictObject,
  text,
  where,
  type Decoded,
  type Decoder,
} from "../base/json/index.js";
import { readJson } from "./json-file.js";

const either =
  <A, B>(isFirst: (value: unknown) => boolean, first: Decoder<A>, second: Decoder<B>): Decoder<A | B> =>
  (json) =>
    isFirst(json.value) ? first(json) : second(json);
const isFlag = (value: unknown): boolean => typeof value === "boolean";

const rateForm = /^(\d{1,9})\/(s|min|h)$/;
const seconds = { s: 1, min: 60, h: 3600 } as const;

/** A rate such as `100/s`; undefined for another text. */
export function rateOf(written: string): { readonly requests: number; readonly seconds: number } | undefined {
  const [, requests, unit] = rateForm.exec(written) ?? [];
  return Number(requests) > 0
    ? { requests: Number(requests), seconds: seconds[unit as keyof typeof seconds] }
    : undefined;
}

/** Members of `serve.json`: the options of `churnkit serve` by name, and those that are too rare for an option. */
const members = {
  port: optional(count(0, 65_535)),
  host: optional(text(255)),
  tlsCert: optional(text()),
  tlsKey: optional(text()),
  tlsClientCa: optional(text()),
  tlsPort: optional(count(0, 65_535)),
  grpcPort: optional(count(0, 65_535)),
  name: optional(text(255)),
  modelVersion: optional(text(255)),
  store: optional(text()),
  model: optional(text(255)),
  copies: optional(text()),
  onDemand: optional(text()),
  watch: optional(number(0, 86_400)),
  variant: optional(list(text(1000), 20)),
  splitBy: optional(text(255)),
  exposures: optional(text()),
  shadow: optional(text()),
  monitor: optional(where(number(0, 1), (share) => share > 0, "a number above 0 and up to 1")),
  capture: optional(text()),
  monitorState: optional(text()),
  keys: optional(text()),
  rateLimit: optional(
    where(text(20), (rate) => rateOf(rate) !== undefined, 'a rate such as "100/s", "100/min" or "100/h"'),
  ),
  workers: optional(
    either(
      (value): value is string => typeof value === "string",
      where(text(4), (word) => word === "auto", '"auto"'),
      count(1, 256),
    ),
  ),
  maxConnections: optional(count(1, 1_000_000)),
  proxies: optional(count(0, 10)),
  maxInFlight: optional(count(1, 1_000_000)),
  maxDelay: optional(number(1, 60_000)),
  timeLimit: optional(count(1, 3_600_000)),
  maxBatch: optional(count(1)),
  maxBodyBytes: optional(count(1, 2 ** 31 - 1)),
  requestTimeout: optional(count(1, 86_400_000)),
  cors: optional(list(text(255), 1000)),
  log: optional(either(isFlag, flag, strictObject({ bodies: optional(flag), hide: optional(list(text(255), 1000)) }))),
  redis: optional(text(1000)),
  cache: optional(
    either(isFlag, flag, strictObject({ entries: optional(count(1, 10_000_000)), seconds: optional(count(1)) })),
  ),
} as const;
const config = strictObject(members);

/** The contents of `serve.json`. */
export type ServeConfig = Decoded<typeof config>;

const error = documentError("INPUT_MALFORMED", "The configuration", "docs/serving-protection.md lists its members.");

/**
 * Options of a command and of its configuration file together: an option that was given on the command line wins.
 *
 * @throws ChurnkitError INPUT_NOT_FOUND, INPUT_MALFORMED, also for a member that is not known.
 */
export async function withConfig<T extends object>(
  file: string | undefined,
  options: T,
  command: Pick<Command, "getOptionValueSource">,
): Promise<T & ServeConfig> {
  if (file === undefined) return options;
  const read = config(JsonValue.of(await readJson(file, "The configuration"), file, error));
  const given = Object.entries(options).filter(([name]) => command.getOptionValueSource(name) !== "default");
  return { ...options, ...read, ...(Object.fromEntries(given) as T) };
}

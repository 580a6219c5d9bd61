import {
  count,
  type Decoder,
  JsonValue,
  literal,
  number,
  object,
  oneOf,
  optional,
  record,
  text,
  variants,
  type DocumentError,
} from "../../base/json/index.js";
import type { RunInput, RunMetric, RunRecord, RunStatus } from "./record.js";

/** Something that happened in a run. A run is the sequence of them, and whatever a tracker shows is derived from it. */
export type RunEvent =
  | {
      readonly kind: "start";
      readonly at: string;
      readonly name: string;
      readonly parent?: string | undefined;
      readonly tags: Readonly<Record<string, string>>;
    }
  | { readonly kind: "parameters"; readonly values: Readonly<Record<string, string>> }
  | ({ readonly kind: "metric"; readonly name: string } & RunMetric)
  | { readonly kind: "tags"; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: "input"; readonly input: RunInput }
  | ArtifactEvent
  | { readonly kind: "end"; readonly status: Exclude<RunStatus, "running">; readonly at: string };

export interface ArtifactEvent {
  readonly kind: "artifact";
  readonly name: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

/** An event and its place in its run, from 1: a tracker that gets it twice passes it over the second time. */
export interface RunEntry {
  readonly sequence: number;
  readonly event: RunEvent;
}

/** Bytes of the artifact in an entry. */
export const contentBytes = ({ event: one }: RunEntry): number => (one.kind === "artifact" ? one.content.length : 0);

/** Which run entries are of. */
export interface RunRef {
  readonly id: string;
  readonly experiment: string;
}

/** JSON has no NaN. */
export const writeNumber = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

const plain = number();
/** A number as {@link writeNumber} and MLflow write it. */
export const anyNumber: Decoder<number> = (json) =>
  ["NaN", "Infinity", "-Infinity"].includes(json.value as string) ? Number(json.value) : plain(json);

const values = record(text());
export const decodeMetric = object({ value: anyNumber, step: count(-Number.MAX_SAFE_INTEGER), at: text(40) });
export const decodeInput = object({ name: text(), hash: text(), source: optional(text()), context: text() });

type Written = Exclude<RunEvent, ArtifactEvent> | (Omit<ArtifactEvent, "content"> & { readonly bytes: number });

const event: Decoder<Written> = variants("kind", {
  start: object({ kind: literal("start"), at: text(40), name: text(), parent: optional(text()), tags: values }),
  parameters: object({ kind: literal("parameters"), values }),
  metric: object({ kind: literal("metric"), name: text(), value: anyNumber, step: count(), at: text(40) }),
  tags: object({ kind: literal("tags"), values }),
  input: object({ kind: literal("input"), input: decodeInput }),
  artifact: object({ kind: literal("artifact"), name: text(), contentType: text(), bytes: count() }),
  end: object({ kind: literal("end"), status: oneOf(["finished", "failed", "killed"]), at: text(40) }),
});
const line = object({ sequence: count(1), event });

/** An entry as a line of JSON; the content of an artifact is kept elsewhere. */
export function writeEntry({ sequence, event: one }: RunEntry): string {
  const written: Written =
    one.kind === "artifact"
      ? { kind: "artifact", name: one.name, contentType: one.contentType, bytes: one.content.length }
      : one;
  return JSON.stringify({ sequence, event: written }, (_, value: unknown) =>
    typeof value === "number" ? writeNumber(value) : value,
  );
}

/** @throws errors of `fail` for a line that is not an entry. */
export async function readEntry(
  json: string,
  where: string,
  fail: DocumentError,
  contentOf: (sequence: number, bytes: number) => Promise<Uint8Array>,
): Promise<RunEntry> {
  const { sequence, event: written } = line(JsonValue.parse(json, where, fail));
  if (written.kind !== "artifact") return { sequence, event: written };
  const { bytes, ...rest } = written;
  return { sequence, event: { ...rest, content: await contentOf(sequence, bytes) } };
}

/** What a run is before anything has happened in it. */
export const emptyRecord = ({ id, experiment }: RunRef): RunRecord => ({
  id,
  experiment,
  name: id,
  status: "running",
  startedAt: new Date(0).toISOString(),
  parameters: {},
  metrics: {},
  tags: {},
  inputs: [],
  artifacts: [],
});

/** The run after an event. */
export function after(run: RunRecord, one: RunEvent): RunRecord {
  switch (one.kind) {
    case "start":
      return { ...run, name: one.name, startedAt: one.at, parent: one.parent, tags: { ...run.tags, ...one.tags } };
    case "parameters":
      // The first value stands.
      return { ...run, parameters: { ...one.values, ...run.parameters } };
    case "metric": {
      const { name, value, step, at } = one;
      return { ...run, metrics: { ...run.metrics, [name]: { value, step, at } } };
    }
    case "tags":
      return { ...run, tags: { ...run.tags, ...one.values } };
    case "input":
      return { ...run, inputs: [...run.inputs, one.input] };
    case "artifact": {
      const { name, contentType, content } = one;
      const others = run.artifacts.filter((artifact) => artifact.name !== name);
      return { ...run, artifacts: [...others, { name, bytes: content.length, contentType }] };
    }
    case "end":
      return { ...run, status: one.status, endedAt: one.at };
  }
}

import { ChurnkitError } from "../../base/errors.js";
import { retryOnConflict } from "../../base/async/index.js";
import {
  count,
  documentError,
  JsonValue,
  list,
  object,
  oneOf,
  optional,
  readableJson,
  record,
  text,
  utf8Text,
  version,
} from "../../base/json/index.js";
import { checkKey, typedStore, type ObjectStore } from "../../io/store/index.js";
import type { RunBackend } from "../runs/backend.js";
import {
  after,
  decodeInput,
  decodeMetric,
  emptyRecord,
  writeNumber,
  type RunEntry,
  type RunRef,
} from "../runs/entries.js";
import type { RunMetric, RunRecord } from "../runs/record.js";

const broken = documentError(
  "STORE_FAILED",
  "The run's file",
  "Restore it from a copy, or remove the folder of the run.",
);

/** `sequence` is the last entry that is in the file. */
const header = object({ format: version(1), sequence: count() });
const runFields = object({
  id: text(),
  experiment: text(),
  name: text(),
  status: oneOf(["running", "finished", "failed", "killed"]),
  startedAt: text(40),
  endedAt: optional(text(40)),
  parent: optional(text()),
  parameters: record(text()),
  metrics: record(decodeMetric),
  tags: record(text()),
  inputs: list(decodeInput),
  artifacts: list(object({ name: text(), bytes: count(), contentType: text() })),
});
interface StoredRun {
  readonly run: RunRecord;
  readonly sequence: number;
  /** Of the file, for a conditional write. */
  readonly etag: string;
}
const metricLine = object({ name: text() });

const encode = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Runs as files of a store: one folder each. */
export function fileBackend(given: ObjectStore): RunBackend {
  const store = typedStore(given);
  const folderOf = ({ experiment, id }: RunRef): string => `${experiment}/${id}`;
  const { compareAndSwap, durable } = store.capabilities;

  async function read(key: string): Promise<StoredRun | undefined> {
    const found = await store.get(key);
    if (found === undefined) return undefined;
    const json = JsonValue.parse(found.bytes, key, broken);
    return { run: runFields(json), ...header(json), etag: found.version };
  }

  async function append(run: RunRef, entries: readonly RunEntry[]): Promise<void> {
    const folder = folderOf(run);
    const present = await read(`${folder}/run.json`);
    const { run: known = emptyRecord(run), sequence = 0, etag = null } = present ?? {};
    const fresh = entries.filter((entry) => entry.sequence > sequence);
    const last = fresh.at(-1);
    if (last === undefined) return;
    const lines: string[] = [];
    for (const { event } of fresh) {
      if (event.kind === "artifact") await store.put(`${folder}/artifacts/${event.name}`, event.content);
      if (event.kind === "metric") {
        const { name, value, step, at } = event;
        lines.push(`${JSON.stringify({ name, value: writeNumber(value), step, at })}\n`);
      }
    }
    if (lines.length > 0)
      await store.put(
        `${folder}/metrics/${String(fresh[0]?.sequence).padStart(10, "0")}.jsonl`,
        encode(lines.join("")),
      );
    const next = fresh.reduce((made, { event }) => after(made, event), known);
    const metrics = Object.fromEntries(
      Object.entries(next.metrics).map(([name, one]) => [name, { ...one, value: writeNumber(one.value) }]),
    );
    await store.put(
      `${folder}/run.json`,
      readableJson({ ...next, format: 1, sequence: last.sequence, metrics }),
      compareAndSwap ? { ifVersion: etag } : {},
    );
  }

  /** Where a run is, by its id alone. */
  async function find(id: string): Promise<string | undefined> {
    return (await store.list("")).find(({ key }) => {
      // An artifact may be called run.json too.
      const [, name, file, ...deeper] = key.split("/");
      return name === id && file === "run.json" && deeper.length === 0;
    })?.key;
  }

  async function folder(id: string): Promise<string> {
    const key = await find(id);
    if (key !== undefined) return key.slice(0, -"/run.json".length);
    throw new ChurnkitError("INPUT_NOT_FOUND", `There is no run ${JSON.stringify(id.slice(0, 80))} in ${store.name}.`);
  }

  return {
    name: store.name,
    url: store.name,
    capabilities: { durable, metricHistory: true },
    checkExperiment(experiment) {
      checkKey(experiment);
      if (experiment.includes("/"))
        throw new ChurnkitError("OPTION_INVALID", `The experiment ${experiment} must not have a / in its name.`);
    },
    send: (run, entries) => retryOnConflict(() => append(run, entries)),
    async list(experiment, limit) {
      const keys = (await store.list(`${experiment}/`))
        .map(({ key }) => key)
        .filter((key) => /^[^/]+\/[^/]+\/run\.json$/.test(key));
      // Ids are in order of time.
      const found = await Promise.all(keys.reverse().slice(0, limit).map(read));
      return found.flatMap((one) => (one === undefined ? [] : [one.run]));
    },
    async get(id) {
      const key = await find(id);
      return key === undefined ? undefined : (await read(key))?.run;
    },
    async history(id, metric) {
      const values: RunMetric[] = [];
      for (const { key } of await store.list(`${await folder(id)}/metrics/`)) {
        const found = await store.get(key);
        const lines = found === undefined ? [] : utf8Text(found.bytes, key, broken).trimEnd().split("\n");
        for (const line of lines) {
          const json = JsonValue.parse(line, key, broken);
          if (metricLine(json).name === metric) values.push(decodeMetric(json));
        }
      }
      return values.sort((a, b) => a.step - b.step);
    },
    async artifact(id, name) {
      checkKey(name);
      return (await store.get(`${await folder(id)}/artifacts/${name}`))?.bytes;
    },
  };
}

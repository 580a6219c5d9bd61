import { ChurnkitError } from "../../base/errors.js";
import { node } from "../../base/node.js";
import type { TrainingBegin, TrainingWatch } from "../../model/training/index.js";
import { checkArtifact, checkMetric, checkName, checkValue, contentTypeOf } from "./checks.js";
import type { RunEvent, RunRef } from "./entries.js";
import type { RunDelivery, StartRunOptions, TrackedRun } from "./run.js";

/** What an open run needs. */
export interface OpenRunParts {
  readonly ref: RunRef;
  readonly push: (event: RunEvent) => void;
  readonly close: () => Promise<RunDelivery>;
  readonly parent: string | undefined;
  readonly options: StartRunOptions;
  readonly startChild: (options: StartRunOptions) => TrackedRun;
  readonly observe: (run: TrackedRun, begin: TrainingBegin) => TrainingWatch;
}

/** Begins a run: checks what is logged and passes it on as events. */
export function openRun(parts: OpenRunParts): TrackedRun {
  const { ref, parent, options } = parts;
  const name = options.name ?? ref.id;
  const logged = new Map<string, string>();
  let ended: Promise<RunDelivery> | undefined;
  const now = (): string => new Date().toISOString();

  function push(event: RunEvent): void {
    if (ended !== undefined)
      throw new ChurnkitError(
        "OPTION_INVALID",
        `The run ${ref.id} has ended. Log before its end, or start another run.`,
      );
    parts.push(event);
  }

  const checkedTags = (tags: Readonly<Record<string, string>>): Record<string, string> => {
    for (const [key, value] of Object.entries(tags)) checkValue("tag", key, value);
    return { ...tags };
  };

  push({ kind: "start", at: now(), name, parent, tags: checkedTags(options.tags ?? {}) });
  const run: TrackedRun = {
    id: ref.id,
    experiment: ref.experiment,
    name,
    logParameters(parameters) {
      const fresh: Record<string, string> = {};
      for (const [key, given] of Object.entries(parameters)) {
        const value = String(given);
        checkValue("parameter", key, value);
        const before = logged.get(key);
        if (before === value) continue;
        if (before !== undefined)
          throw new ChurnkitError(
            "OPTION_INVALID",
            `The parameter ${key} of the run ${ref.id} is ${JSON.stringify(before.slice(0, 80))} already, and parameters do not change. Log a metric with steps instead.`,
          );
        fresh[key] = value;
      }
      if (Object.keys(fresh).length === 0) return;
      push({ kind: "parameters", values: fresh });
      for (const [key, value] of Object.entries(fresh)) logged.set(key, value);
    },
    logMetrics(metrics, { step = 0, at } = {}) {
      for (const [key, value] of Object.entries(metrics)) checkMetric(key, value, step);
      const time = at?.toISOString() ?? now();
      for (const [key, value] of Object.entries(metrics)) push({ kind: "metric", name: key, value, step, at: time });
    },
    async logArtifact(path, content, contentType = contentTypeOf(path)) {
      checkArtifact(path);
      push({ kind: "artifact", name: path, contentType, content: await bytesOf(content) });
    },
    logInput(input) {
      checkName("input", input.name);
      push({ kind: "input", input: { ...input } });
    },
    setTags(tags) {
      push({ kind: "tags", values: checkedTags(tags) });
    },
    start: (child) => parts.startChild({ ...child, experiment: ref.experiment }),
    end(status = "finished") {
      if (ended === undefined) {
        push({ kind: "end", status, at: now() });
        ended = parts.close();
      }
      return ended;
    },
    observe: (begin) => parts.observe(run, begin),
  };
  return run;
}

async function bytesOf(content: string | Uint8Array | { readonly file: string }): Promise<Uint8Array> {
  if (typeof content === "string") return new TextEncoder().encode(content);
  // A copy, because the caller may change its own before it is sent; `slice` of a Buffer would be none.
  if (content instanceof Uint8Array) return new Uint8Array(content);
  try {
    return await node().getBuiltinModule("node:fs/promises").readFile(content.file);
  } catch (cause) {
    throw new ChurnkitError("INPUT_NOT_FOUND", `The artifact ${content.file} cannot be read. Check the path.`, {
      where: { file: content.file },
      cause,
    });
  }
}

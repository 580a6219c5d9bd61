import { readdirSync, readFileSync } from "node:fs";
import { join, relative, dirname, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** For each room, the rooms it may import from; docs/architecture.md says why. */
const allowed: Record<string, readonly string[]> = {
  base: [],
  stats: ["base"],
  io: ["base"],
  data: ["base", "stats", "io"],
  model: ["base", "stats", "io", "data", "kernels"],
  drift: ["base", "stats", "io", "data", "model"],
  export: ["base", "stats", "data", "model"],
  monitor: ["base", "stats", "io", "data", "model", "drift"],
  report: ["base", "stats", "io", "data", "model", "drift", "monitor"],
  tracking: ["base", "io", "model", "report"],
  registry: ["base", "stats", "io", "data", "model", "drift"],
  jobs: ["base", "stats", "io", "data", "model", "drift", "monitor", "registry"],
  serving: ["base", "stats", "io", "data", "model", "drift", "monitor", "registry"],
  client: ["base", "data"],
  deploy: ["base", "stats", "io", "data", "model", "drift", "monitor", "registry", "jobs", "client"],
  rehearsal: ["base", "io", "model", "container", "deploy", "report"],
  pipeline: [
    "base",
    "stats",
    "io",
    "data",
    "model",
    "drift",
    "monitor",
    "report",
    "registry",
    "jobs",
    "serving",
    "deploy",
  ],
  container: ["base", "stats", "io", "data", "model", "drift", "monitor", "registry", "jobs", "serving"],
  cli: [
    "base",
    "stats",
    "io",
    "data",
    "model",
    "drift",
    "monitor",
    "report",
    "registry",
    "jobs",
    "serving",
    "deploy",
    "pipeline",
    "rehearsal",
    "tracking",
    "export",
  ],
};

/** Doors beside the indexes of folders: drivers, each of which loads a package that others don't need. */
const drivers = [
  "io/store/s3/store.ts",
  "io/store/s3/objects.ts",
  "registry/backends/sagemaker/index.ts",
  "registry/backends/mlflow/index.ts",
];
/** Doors of a room beside its own index, at most. */
const mostDoors = 10;

/** Files outside the rooms that touch the machine which import from Node: bundles on disk, threads, and the reading of files. */
const onNode = [
  "base/hash.ts",
  "data/read/file-bytes.ts",
  "model/batch/score-worker.ts",
  "model/batch/threads.ts",
  "model/bundle/load.ts",
  "model/bundle/write-bundle.ts",
  "model/kinds/worker-pool.ts",
  "model/training/default-workers.ts",
  "model/training/train-worker.ts",
  "model/worker-file.ts",
  "monitor/erasure/file-place.ts",
  "pipeline/main-job/main-job.ts",
  "pipeline/main-job/report.ts",
  "pipeline/main-job/source.ts",
];

const root = resolve(import.meta.dirname, "../src");

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.startsWith("kernels"))
  .map((name) => join(root, name));

function roomOf(file: string): string {
  const [first = "", ...rest] = relative(root, file).split(/[\\/]/);
  return rest.length === 0 ? "" : first;
}

/** The files that a file imports, as paths under src. */
const imported = (file: string): string[] =>
  importsOf(file)
    .filter((name) => name.startsWith("."))
    .map((name) => relative(root, resolve(dirname(file), name)).replace(/\.js$/, ".ts"));

/** Whether other rooms may import a file: it stands at the top of its room, or is the index of a folder there. */
const isDoor = (path: string): boolean => /^[^/]+\/([^/]+|[^/]+\/index\.ts)$/.test(path) || drivers.includes(path);

/** Every import that leaves its room. */
const crossings = files.flatMap((file) =>
  imported(file)
    .filter((path) => roomOf(join(root, path)) !== roomOf(file) && /^(?!kernels)[^/]+\//.test(path))
    .map((path) => ({ from: relative(root, file), path })),
);

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1] ?? "");
}

describe("imports follow the stream", () => {
  it("finds source files", () => expect(files.length).toBeGreaterThan(5));

  it.each(files.filter((file) => roomOf(file) !== ""))("%s", (file) => {
    const room = roomOf(file);
    const rooms = allowed[room];
    expect(rooms, `the room ${room} is not in the table`).toBeDefined();
    const against = importsOf(file)
      .filter((name) => name.startsWith("."))
      .map((name) => roomOf(resolve(dirname(file), name)))
      .filter((other) => other !== room && !rooms?.includes(other));
    expect(against).toEqual([]);
  });

  it("keeps zod and TF.js out of everything that loads or scores", () => {
    const heavy = files.filter((file) =>
      /(?:from|import)\s*\(?\s*["'](zod|@tensorflow)/.test(
        readFileSync(file, "utf8")
          .replace(/\/\*[\s\S]*?\*\//g, "")
          .replace(/import type[^;]*;/g, ""),
      ),
    );
    expect(heavy.map((file) => relative(root, file)).filter((name) => !name.includes("tfjs"))).toEqual([]);
  });

  it("enters another room by a door", () => {
    expect(crossings.filter(({ path }) => !isDoor(path))).toEqual([]);
  });

  it.each(Object.keys(allowed))("finds few doors in %s", (room) => {
    const doors = new Set(crossings.map(({ path }) => path).filter((path) => path.startsWith(`${room}/`)));
    doors.delete(`${room}/index.ts`);
    expect([...doors].length, [...doors].sort().join("\n")).toBeLessThanOrEqual(mostDoors);
  });

  it("goes one way among the folders of a room", () => {
    const folderOf = (path: string): string | undefined => /^[^/]+\/[^/]+(?=\/)/.exec(path)?.[0];
    const next = new Map<string, Set<string>>();
    for (const file of files) {
      const from = folderOf(relative(root, file));
      if (from === undefined) continue;
      for (const path of imported(file)) {
        const to = folderOf(path);
        if (to === undefined || to === from || dirname(to) !== dirname(from)) continue;
        next.set(from, (next.get(from) ?? new Set()).add(to));
      }
    }
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      [...(next.get(from) ?? [])].some(
        (folder) => folder === to || (!seen.has(folder) && reaches(folder, to, seen.add(folder))),
      );
    expect([...next.keys()].filter((folder) => reaches(folder, folder))).toEqual([]);
  });

  it("touches Node only where machines are touched", () => {
    const free = /^(io|cli|container|deploy|serving\/hosts|rehearsal)\//;
    const others = files
      .filter((file) => importsOf(file).some((name) => name.startsWith("node:")))
      .map((file) => relative(root, file));
    expect(others.filter((path) => !free.test(path)).sort()).toEqual(onNode);
  });
});

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
  monitor: ["base", "stats", "io", "data", "model", "drift"],
  report: ["base", "stats", "io", "data", "model", "drift", "monitor"],
  registry: ["base", "stats", "io", "data", "model", "drift"],
  jobs: ["base", "stats", "io", "data", "model", "drift", "monitor", "registry"],
  serving: ["base", "stats", "io", "data", "model", "drift", "monitor", "registry"],
  deploy: ["base", "io", "data", "model", "registry"],
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
  ],
};

const root = resolve(import.meta.dirname, "../src");

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.startsWith("kernels"))
  .map((name) => join(root, name));

function roomOf(file: string): string {
  const [first = "", ...rest] = relative(root, file).split(/[\\/]/);
  return rest.length === 0 ? "" : first;
}

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
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { version } from "../../src/base/version.js";

const root = resolve(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as {
  version: string;
  exports: Record<string, string | { types?: string; default: string }>;
  scripts: Record<string, string>;
  bin: Record<string, string>;
};
const modules = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === "string" ? [] : [{ name, file: target.default, types: target.types }],
);

describe("package.json", () => {
  it("has the version the code says", () => expect(manifest.version).toBe(version));

  it("runs nothing when it is installed", () => {
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });

  it("exports every built module and no other", () => {
    const built = readdirSync(resolve(root, "dist"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".js") && !name.startsWith("chunks"))
      .map((name) => `./dist/${name}`);
    const named = [...modules.map(({ file }) => file), ...Object.values(manifest.bin).map((file) => `./${file}`)];
    expect(built.sort()).toEqual(named.sort());
  });

  it.each(modules)("$name exists, with types", ({ file, types, name }) => {
    expect(existsSync(resolve(root, file))).toBe(true);
    if (!name.endsWith("-worker")) expect(types && existsSync(resolve(root, types))).toBe(true);
  });

  it("gives the kernel as a file", () => {
    expect(WebAssembly.validate(readFileSync(resolve(root, "dist/kernel.wasm")))).toBe(true);
  });

  const entries = modules.map(({ name }) => name.replace(".", "churnkit")).filter((name) => !name.endsWith("worker"));
  it.each(entries)("%s can be imported and required", async (name) => {
    const imported = (await import(/* @vite-ignore */ name)) as object;
    const required = createRequire(import.meta.url)(name) as object;
    expect(Object.keys(imported).length).toBeGreaterThan(0);
    expect(Object.keys(required)).toEqual(
      expect.arrayContaining(Object.keys(imported).filter((key) => key !== "default")),
    );
  });

  it("gives one value for each name, from whichever entry it comes", async () => {
    const require = createRequire(import.meta.url);
    // `churnkit/score` is a file by itself, for cold starts: it shares nothing.
    const shared = entries.filter((entry) => entry !== "churnkit/score");
    for (const load of [
      (name: string) => import(/* @vite-ignore */ name) as Promise<object>,
      (name: string) => Promise.resolve(require(name) as object),
    ]) {
      const values = new Map<string, unknown>();
      const differing: string[] = [];
      for (const entry of shared) {
        for (const [name, value] of Object.entries(await load(entry))) {
          if (name === "default" || name === "module.exports" || name === "__esModule") continue;
          if (values.has(name) && values.get(name) !== value) differing.push(`${entry}: ${name}`);
          values.set(name, value);
        }
      }
      expect(differing).toEqual([]);
      expect(values.size).toBeGreaterThan(100);
    }
  });

  /** The files that an entry reads before any of its functions is called, and the packages and builtins that they import. */
  function loaded(entry: string): { files: Set<string>; bytes: number; others: Set<string> } {
    const files = new Set<string>();
    const others = new Set<string>();
    let bytes = 0;
    const walk = (file: string): void => {
      if (files.has(file)) return;
      files.add(file);
      const text = readFileSync(file, "utf8");
      bytes += text.length;
      for (const [, name = ""] of text.matchAll(/(?:^|[;\n}])\s*(?:import|export)\b[^"';()]*?["']([^"']+)["']/g)) {
        if (name.startsWith(".")) walk(resolve(file, "..", name));
        else others.add(name);
      }
    };
    walk(resolve(root, entry));
    return { files, bytes, others };
  }

  it.each(["dist/score.js", "dist/model.js", "dist/data.js"])("imports neither zod nor TF.js for %s", (entry) => {
    const { bytes, others } = loaded(entry);
    expect([...others].filter((name) => /^(zod|@tensorflow|vega)/.test(name))).toEqual([]);
    expect(bytes).toBeGreaterThan(50_000);
  });

  it("loads and scores from few small files", () => {
    // A file more takes as long as 20 KB of code, and importing node:fs, node:crypto or node:stream longer still. Spaces and
    // comments are skipped about for free: model's code in whole lines loads within 4 % of what it took without them.
    const score = loaded("dist/score.js");
    expect([score.files.size, [...score.others]]).toEqual([1, []]);
    // 10 kB of it are the kernel's half that scores, trees too; no part of it trains or writes a bundle.
    expect(score.bytes).toBeLessThan(159_000);
    const model = loaded("dist/model.js");
    expect([...model.others].map((name) => name.replace("node:", ""))).toEqual(["fs/promises"]);
    expect(model.files.size).toBeLessThanOrEqual(3);
    expect(model.bytes).toBeLessThan(431_000);
  });
});

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
    if (name !== "./train-worker") expect(types && existsSync(resolve(root, types))).toBe(true);
  });

  it("gives the kernel as a file", () => {
    expect(WebAssembly.validate(readFileSync(resolve(root, "dist/kernel.wasm")))).toBe(true);
  });

  const entries = modules.map(({ name }) => name.replace(".", "churnkit")).filter((name) => !name.endsWith("worker"));
  it.each(entries)("%s can be imported and required", async (name) => {
    const imported = (await import(/* @vite-ignore */ name)) as object;
    const required = createRequire(import.meta.url)(name) as object;
    expect(Object.keys(imported).length).toBeGreaterThan(0);
    expect(Object.keys(required)).toEqual(expect.arrayContaining(Object.keys(imported).filter((key) => key !== "default")));
  });

  it("imports neither zod nor TF.js to load or score", () => {
    const text = (file: string): string => readFileSync(resolve(root, file), "utf8");
    const seen = new Set<string>();
    const walk = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, name = ""] of text(file).matchAll(/(?:^|;|\n)\s*(?:import|export)\b[^"';]*?["']([^"']+)["']/g)) {
        if (name.startsWith(".")) walk(resolve(root, file, "..", name));
        else expect(name).not.toMatch(/^(zod|@tensorflow|vega)/);
      }
    };
    for (const entry of ["dist/score.js", "dist/model.js", "dist/data.js"]) walk(resolve(root, entry));
    expect(seen.size).toBeGreaterThan(2);
  });
});

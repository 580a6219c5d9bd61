import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../helpers/built.js";
import { toJavaScript, typeErrors } from "./compile.js";
import { giveDataFiles, makeDataFiles } from "./data-files.js";
import { runScripts } from "./runner.js";
import { bareExamples, root, snippets, type Snippet } from "./snippets.js";

// Inside the project, so that "churnkit/..." means the build beside it, as in a user's node_modules.
mkdirSync(join(root, ".cache"), { recursive: true });
const scratch = mkdtempSync(join(root, ".cache/docs-"));
const folderOf = new Map(snippets.map(({ name }, i) => [name, join(scratch, String(i))]));
const source = (snippet: Snippet): string => join(folderOf.get(snippet.name) ?? "", "snippet.ts");

/** By file; what concerns no snippet stands under other names. */
let errors = new Map<string, string[]>();
let outcomes = new Map<string, string | undefined>();

beforeAll(async () => {
  await ensureBuilt();
  const data = join(scratch, "data");
  await makeDataFiles(data);
  for (const snippet of snippets) {
    const folder = folderOf.get(snippet.name) ?? "";
    mkdirSync(folder);
    writeFileSync(source(snippet), snippet.code);
    writeFileSync(join(folder, "snippet.mjs"), toJavaScript(snippet.code));
    giveDataFiles(data, folder, snippet.code);
  }
  const scripts = snippets
    .filter(({ run }) => run)
    .map(({ name }) => ({
      name,
      script: join(folderOf.get(name) ?? "", "snippet.mjs"),
      folder: folderOf.get(name) ?? "",
    }));
  [outcomes, errors] = await Promise.all([runScripts(scripts, 2), typeErrors(scratch, snippets.map(source))]);
}, 180_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("TypeScript in pages, doc comments and examples", () => {
  it("is found", () => expect(snippets.length).toBeGreaterThan(40));

  it("stands under every @example", () => expect(bareExamples).toEqual([]));

  it("makes one program", () => {
    const known = new Set(snippets.map(source));
    expect([...errors].filter(([file]) => !known.has(file))).toEqual([]);
  });

  it.each(snippets)("$name compiles", (snippet) => {
    expect(errors.get(source(snippet)) ?? []).toEqual([]);
  });

  it.each(snippets.filter(({ run }) => run))("$name runs", ({ name }) => {
    expect(outcomes.has(name)).toBe(true);
    expect(outcomes.get(name)).toBeUndefined();
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../helpers/built.js";
import { toJavaScript, typeErrors } from "./compile.js";
import { giveDataFiles, makeDataFiles } from "./data-files.js";
import { runScripts } from "./runner.js";
import { bareExamples, root, snippets as all, type Snippet } from "./snippets.js";
const snippets = all.filter(({ name }) => /docs\/explanation|explain\/|explanation-report/.test(name));

// Inside the project, so that "churnkit/..." means the build beside it, as in a user's node_modules.
mkdirSync(join(root, ".cache"), { recursive: true });
const scratch = mkdtempSync(join(root, ".cache/docs-"));
const folderOf = new Map(snippets.map(({ name }, i) => [name, join(scratch, String(i))]));
const source = (snippet: Snippet): string => join(folderOf.get(snippet.name) ?? "", "snippet.ts");

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
  const running = runScripts(scripts, 2);
  errors = typeErrors(snippets.map(source));
  outcomes = await running;
}, 580_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("TypeScript in pages, doc comments and examples", () => {
  it("is found", () => expect(snippets.length).toBeGreaterThan(5));

  it("stands under every @example", () => expect(bareExamples).toEqual([]));

  it.each(snippets)("$name compiles", (snippet) => {
    expect(errors.get(source(snippet)) ?? []).toEqual([]);
  });

  it.each(snippets.filter(({ run }) => run))("$name runs", ({ name }) => {
    expect(outcomes.has(name)).toBe(true);
    expect(outcomes.get(name)).toBeUndefined();
  });
});

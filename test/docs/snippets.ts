import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

/** One piece of documentation that is TypeScript. */
export interface Snippet {
  /** Where it stands: "docs/features.md:34". */
  readonly name: string;
  readonly code: string;
  /** False for a block marked `no-run`: it is type-checked only. */
  readonly run: boolean;
}

/** The Markdown pages: README.md and docs/*.md. */
export const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.startsWith("kernels"))
  .map((name) => `src/${name.replaceAll("\\", "/")}`)
  .sort();

export const textOf = (file: string): string => readFileSync(join(root, file), "utf8");

interface Fence {
  readonly line: number;
  readonly language: string;
  readonly run: boolean;
  readonly lines: string[];
}

/** The fenced blocks of a file; `margin` is what stands before each line, as ` * ` does in a comment. */
function fencesIn(file: string, margin: RegExp): Fence[] {
  const fences: Fence[] = [];
  let open: Fence | undefined;
  textOf(file)
    .split("\n")
    .forEach((whole, i) => {
      const line = whole.replace(margin, "");
      const fence = /^```(\w*)(?: (no-run))?\s*$/.exec(line);
      if (fence === null) open?.lines.push(line);
      else if (open !== undefined) open = undefined;
      else fences.push((open = { line: i + 1, language: fence[1] ?? "", run: fence[2] === undefined, lines: [] }));
    });
  return fences;
}

const blocks = (file: string, language: string, margin: RegExp): Snippet[] =>
  fencesIn(file, margin)
    .filter((fence) => fence.language === language)
    .map(({ line, run, lines }) => ({ name: `${file}:${line}`, code: lines.join("\n"), run }));

/** Blocks of a language on a page. */
export const pageBlocks = (file: string, language: string): Snippet[] => blocks(file, language, /^/);

const commentMargin = /^\s*\* ?/;

/** The TypeScript blocks in the doc comments of the sources. */
export const commentSnippets: readonly Snippet[] = sources.flatMap((file) => blocks(file, "ts", commentMargin));

/** Places of `@example` tags that no TypeScript block follows. */
export const bareExamples: readonly string[] = sources.flatMap((file) => {
  const lines = textOf(file).split("\n");
  return lines.flatMap((line, i) =>
    /^\s*\* @example\s*$/.test(line) && !/^\s*\* ```ts/.test(lines[i + 1] ?? "") ? [`${file}:${i + 1}`] : [],
  );
});

const examples = readdirSync(join(root, "examples"))
  .filter((name) => name.endsWith(".ts"))
  .map((name): Snippet => ({ name: `examples/${name}`, code: textOf(`examples/${name}`), run: true }));

/** Everything that is compiled and run: pages, doc comments, example scripts. */
export const snippets: readonly Snippet[] = [
  ...pages.flatMap((page) => pageBlocks(page, "ts")),
  ...commentSnippets,
  ...examples,
];

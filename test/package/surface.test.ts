import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { snippets } from "../docs/snippets.js";

const root = resolve(import.meta.dirname, "../..");
const { entryPoints } = JSON.parse(readFileSync(resolve(root, "typedoc.json"), "utf8")) as { entryPoints: string[] };
const { exports } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as {
  exports: Record<string, string | { types?: string }>;
};

const isExported = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** The names that a file exports, with whether each is a value. */
function namesOf(file: string): [name: string, isValue: boolean][] {
  const source = ts.createSourceFile(file, readFileSync(resolve(root, file), "utf8"), ts.ScriptTarget.Latest, true);
  return source.statements.flatMap((statement): [string, boolean][] => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause, isTypeOnly } = statement;
      if (!exportClause || !ts.isNamedExports(exportClause)) throw new Error(`${file} exports without naming names`);
      return exportClause.elements.map((each) => [each.name.text, !isTypeOnly && !each.isTypeOnly]);
    }
    if (!isExported(statement)) return [];
    if (ts.isFunctionDeclaration(statement) && statement.name) return [[statement.name.text, true]];
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
      return [[statement.name.text, false]];
    }
    throw new Error(`${file} exports what this test does not know: ${statement.getText().slice(0, 60)}`);
  });
}

const names = new Map(entryPoints.flatMap(namesOf));

it("reads every entry of the package", () => {
  const typed = Object.values(exports).flatMap((entry) => (typeof entry === "object" && entry.types) || []);
  const sources = typed.map((file) => file.replace("./dist/types/", "src/").replace(".d.ts", ".ts"));
  expect([...entryPoints].sort()).toEqual(sources.sort());
});

it("exports no more names than a person can learn", () => {
  expect(names.size).toBeGreaterThan(200);
  // 350 for the house, 40 for the server and its client, 110 for AWS, 50 for tuning, tracking and the life around models.
  expect(names.size).toBeLessThanOrEqual(550);
});

it("shows each value in an example that compiles and runs", () => {
  const shown = new Set(
    snippets.flatMap(({ code }) =>
      [...code.matchAll(/import \{([^}]*)\} from "churnkit/g)].flatMap(([, list = ""]) =>
        list.split(",").map((name) => name.trim().replace(/ as .*/, "")),
      ),
    ),
  );
  expect([...names].filter(([name, isValue]) => isValue && !shown.has(name)).map(([name]) => name)).toEqual([]);
});

import { join } from "node:path";
import ts from "typescript";
import { root } from "./snippets.js";

/** Type-checks files as one program with the project's own settings; what is wrong, by file. */
export function typeErrors(files: readonly string[]): Map<string, string[]> {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  const program = ts.createProgram({
    rootNames: [...files, join(import.meta.dirname, "ambient.d.ts")],
    options: { ...options, moduleDetection: ts.ModuleDetectionKind.Force },
  });
  const errors = new Map<string, string[]>();
  for (const { file, start, messageText } of ts.getPreEmitDiagnostics(program)) {
    const at =
      file === undefined || start === undefined ? "" : `line ${file.getLineAndCharacterOfPosition(start).line + 1}: `;
    const place = file?.fileName ?? "";
    errors.set(place, [...(errors.get(place) ?? []), `${at}${ts.flattenDiagnosticMessageText(messageText, "\n")}`]);
  }
  return errors;
}

/** The JavaScript of a snippet. */
export function toJavaScript(code: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}

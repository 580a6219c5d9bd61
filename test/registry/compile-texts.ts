import { join } from "node:path";
import ts from "typescript";

const folder = join(import.meta.dirname, "texts");

/** Type-checks modules that are nowhere on disk, as one strict program; what is wrong, as "file: message". */
export function errorsOf(texts: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts"],
    types: [],
  };
  const files = new Map([...texts].map(([name, text]) => [join(folder, name), text]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile, directoryExists } = host;
  host.fileExists = (path) => files.has(path) || fileExists.call(host, path);
  host.directoryExists = (path) => path === folder || (directoryExists?.call(host, path) ?? true);
  host.readFile = (path) => files.get(path) ?? readFile.call(host, path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = files.get(path);
    return text === undefined ? getSourceFile.call(host, path, version, ...rest) : ts.createSourceFile(path, text, version);
  };
  return ts.getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host)).map(({ file, messageText }) => {
    const name = file?.fileName.slice(folder.length + 1) ?? "";
    return `${name}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

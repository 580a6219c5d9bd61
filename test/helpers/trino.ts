import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { goldenAnswer } from "./golden.js";

const folder = resolve(import.meta.dirname, "../export/trino");

/** Runs queries in Trino's engine, which Maven brings. It needs a JDK of version 17 or later. */
function ask(queries: readonly string[]): unknown {
  const scratch = mkdtempSync(join(tmpdir(), "churnkit-trino-"));
  const [asked, answered, classPath] = [join(scratch, "asked"), join(scratch, "answered"), join(scratch, "class-path")];
  try {
    writeFileSync(asked, JSON.stringify(queries));
    const pom = ["-f", join(folder, "pom.xml")];
    execFileSync("mvn", ["-q", "-B", ...pom, "dependency:build-classpath", `-Dmdep.outputFile=${classPath}`]);
    const jars = readFileSync(classPath, "utf8").trim();
    execFileSync("java", ["-cp", jars, join(folder, "Trino.java"), asked, answered], { stdio: "pipe" });
    return JSON.parse(readFileSync(answered, "utf8"));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/**
 * The rows that Trino gives for each query, or its error. They are read from the golden file; `CHURNKIT_TRINO_TESTS=1` asks
 * Trino and writes them down.
 */
export function trinoAnswers(golden: string, queries: readonly string[]): Promise<readonly (string | unknown[][])[]> {
  return goldenAnswer(golden, "trino", queries.join("\n"), {
    ...{ asks: false, renewedBy: "CHURNKIT_TRINO_TESTS" },
    ask: () => ask(queries),
  });
}

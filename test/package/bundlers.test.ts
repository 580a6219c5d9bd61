import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { build, type Format, type Platform } from "esbuild";
import { afterAll, expect, it } from "vitest";

const scratch = mkdtempSync(join(tmpdir(), "churnkit-bundlers-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What a user's bundler makes of a script that imports the built package. */
async function bundled(contents: string, platform: Platform, format: Format): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: resolve(import.meta.dirname, "../..") },
    bundle: true,
    write: false,
    platform,
    format,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

it("churnkit/serving runs when it is bundled for Lambda as an ES module", { timeout: 60_000 }, async () => {
  const script = `import { createHandler, prometheusMetrics } from "churnkit/serving";
export const handle = createHandler({ scorer: { contract: { columns: [] }, decision: { threshold: 0.5 } }, name: "churn", version: "1", source: "bundle" }, { metrics: prometheusMetrics("1") });`;
  const outfile = join(scratch, "lambda.mjs");
  writeFileSync(outfile, await bundled(script, "node", "esm"));
  const { handle } = (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as {
    handle: (request: object) => Promise<{ status: number; body: string }>;
  };
  const { status, body } = await handle({ method: "GET", path: "/metrics", headers: {} });
  expect([status, body]).toEqual([200, expect.stringContaining('churnkit_model_info{version="1"} 1')]);
});

it(
  "churnkit/data reads bytes where it is bundled for a browser, and says that there are no files (node: imports stopped the bundler)",
  { timeout: 60_000 },
  async () => {
    const script = `import { inferDelimited, readCsv, readDelimited, readJsonLines } from "churnkit/data";
globalThis.result = (async () => {
  const { contract } = await inferDelimited(csv, { target: "left", positive: "Yes" });
  const [table, lines] = [await readDelimited(contract, csv), await readJsonLines(contract, json)];
  return { rows: [table.rows, lines.rows], file: await readCsv(contract, "customers.csv").then(() => "read", ({ code, message }) => code + " " + message) };
})();`;
    const web = { TextDecoder, TextEncoder, ReadableStream, DecompressionStream, Uint8Array, console };
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const page: Record<string, unknown> = {
      ...web,
      csv: gzipSync("plan,tenure,left\nA,3,Yes\nB,12,No\n"),
      json: bytes('{"plan":"A","tenure":7,"left":"No"}\n'),
    };
    runInContext(await bundled(script, "browser", "iife"), createContext(page));
    expect(await page["result"]).toEqual({
      rows: [2, 1],
      file: expect.stringMatching(/^IO_FAILED This runtime has no files.*readDelimited/) as string,
    });
  },
);

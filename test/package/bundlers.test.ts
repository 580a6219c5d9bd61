import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Platform } from "esbuild";
import { afterAll, expect, it } from "vitest";

const scratch = mkdtempSync(join(tmpdir(), "churnkit-bundlers-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What a user's bundler makes of a script that imports the built package. */
async function bundled(name: string, contents: string, platform: Platform): Promise<Record<string, unknown>> {
  const outfile = join(scratch, `${name}.mjs`);
  await build({ stdin: { contents, resolveDir: resolve(import.meta.dirname, "../..") }, bundle: true, platform, format: "esm", outfile, logLevel: "silent" });
  return (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as Record<string, unknown>;
}

it("churnkit/serving runs when it is bundled for Lambda as an ES module", { timeout: 60_000 }, async () => {
  const script = `import { createHandler, prometheusMetrics } from "churnkit/serving";
export const handle = createHandler({ scorer: { contract: { columns: [] }, decision: { threshold: 0.5 } }, name: "churn", version: "1", source: "bundle" }, { metrics: prometheusMetrics("1") });`;
  const { handle } = (await bundled("lambda", script, "node")) as { handle: (request: object) => Promise<{ status: number; body: string }> };
  const { status, body } = await handle({ method: "GET", path: "/metrics", body: () => new Uint8Array() });
  expect([status, body]).toEqual([200, expect.stringContaining('churnkit_model_info{version="1"} 1')]);
});

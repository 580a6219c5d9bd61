import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { expect, it } from "vitest";
import { expectSameScores, madeInNode, skipped } from "./same-scores.js";

const executablePath = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));

declare function scoreInBrowser(address: string, records: unknown[]): Promise<(number | null)[]>;

it("a bundle made in Node loads and scores the same in a browser page", async ({ skip }) => {
  if (executablePath === undefined) {
    skipped("scoring in a browser (no Chromium at /usr/bin/chromium nor in $CHROMIUM)");
    return skip();
  }
  const { archive, records, expected } = await madeInNode();
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "browser-entry.ts")],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    logLevel: "error",
  });
  const script = outputFiles[0]?.text ?? "";
  const server = createServer((request, response) => {
    const [type, body] =
      request.url === "/script.js"
        ? ["text/javascript", script]
        : request.url === "/model.tar.gz"
          ? ["application/gzip", archive]
          : ["text/html", '<!doctype html><title>scores</title><script src="/script.js"></script>'];
    response.writeHead(200, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // The sandbox needs rights that containers seldom give; the page is our own.
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(address);
    const scores = await page.evaluate(([url, rows]) => scoreInBrowser(url, rows), [
      `${address}/model.tar.gz`,
      records,
    ] as const);
    expect(errors).toEqual([]);
    expectSameScores(scores, expected);
  } finally {
    await browser.close();
    server.close();
  }
}, 60_000);

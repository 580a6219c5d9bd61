import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compile } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import { listen, type NodeServer } from "../../src/serving/hosts/node/node-server.js";
import { failure, type Middleware } from "../../src/serving/http.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { skipped } from "../runtimes/same-scores.js";

const executablePath = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));
if (executablePath === undefined) skipped("the page at /docs (no Chromium at /usr/bin/chromium nor in $CHROMIUM)");

let server: NodeServer;
let browser: Browser | undefined;
let keyNeeded = false;
const requireKey: Middleware = (next) => (request) =>
  !keyNeeded || request.path === "/docs" || request.headers["authorization"] === "Bearer secret"
    ? next(request)
    : Promise.resolve(failure(401, { code: "REQUEST_INVALID", message: "A key is needed." }));

beforeAll(async () => {
  const artifact = await sampleArtifact({ networks: 0 });
  const model = { scorer: await compile(artifact), artifact, name: "<b>churn</b>", version: "7", source: "local" };
  server = await listen(createHandler(model, { middleware: [requireKey] }), { port: 0 });
  if (executablePath !== undefined) browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
afterAll(async () => {
  await browser?.close();
  await server.close();
});

/** Opens the page; `said` fills with what went wrong, refusals by the page's own policy among it. */
async function open(): Promise<{ page: Page; said: string[]; asked: string[] }> {
  if (browser === undefined) throw new Error("no browser");
  const page = await browser.newPage();
  const said: string[] = [];
  const asked: string[] = [];
  page.on("pageerror", (error) => said.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) said.push(message.text());
  });
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`${server.url}/docs`);
  return { page, said, asked };
}

it.skipIf(executablePath === undefined)("shows the routes and the contract, and tries them", async () => {
  const { page, said, asked } = await open();
  const predict = page.locator('details[id="POST/predict"]');
  /** Asks, and waits for an answer that fits: the former one stays until it comes. */
  const sent = async (answer: RegExp): Promise<void> => {
    await predict.getByRole("button").click();
    const texts = predict.locator("p.ok, p.bad, pre");
    await expect.poll(async () => (await texts.allInnerTexts()).join(" "), { timeout: 10_000 }).toMatch(answer);
  };
  await predict.getByRole("button").waitFor();
  expect(await page.locator("details[id]").count()).toBeGreaterThan(20);
  expect(await page.locator("h1").innerText()).toBe("<b>churn</b>: scores of customers");
  await page.getByText("the columns of the contract").click();
  expect(await page.locator("table").innerText()).toMatch(/plan\tstring or null\tyes/);

  await predict.getByLabel(/^explain/).fill("2");
  await sent(/^200 OK in \d+ ms[^]*"sentence"/);
  await predict.locator("textarea").fill('{"tenure": "soon"}');
  await sent(/^422 [^]*VALUE_INVALID/);

  const named = page.locator('details[id="GET/v2/models/{model}"]');
  await named.locator("summary").click();
  await named.getByRole("button").click();
  await named.locator("pre").waitFor();
  expect(await named.locator("pre").innerText()).toContain('"platform": "churnkit"');
  expect(said).toEqual([]);
  expect(asked.every((url) => url.startsWith(server.url))).toBe(true);
  await page.close();
});

it.skipIf(executablePath === undefined)(
  "asks for a key where the server needs one, and runs nothing foreign",
  async () => {
    keyNeeded = true;
    const { page, said } = await open();
    await page.getByText("needs a key").waitFor();
    await page.locator("#key").fill("secret");
    await page.locator("#key").blur();
    await page.locator('details[id="POST/predict"] button').click();
    await page.getByText("200 OK").waitFor();
    expect(said).toEqual([]);
    const ran = await page.evaluate(async () => {
      const script = document.createElement("script");
      script.textContent = "globalThis.foreign = true";
      document.body.append(script);
      const refused = await fetch("https://example.com/").then(
        () => false,
        () => true,
      );
      return { foreign: "foreign" in globalThis, refused };
    });
    expect(ran).toEqual({ foreign: false, refused: true });
    expect(said.some((message) => message.includes("Content Security Policy"))).toBe(true);
    await page.close();
  },
);

import { describe, expect, it } from "vitest";
import { captureIssues, monitors } from "../../src/drift/index.js";
import { textOf } from "./snippets.js";

const page = textOf("docs/monitors.md");

/** The rows of the table whose first head is this, without code marks. */
function tableOf(head: string): string[][] {
  const lines = page.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  expect(from).toBeGreaterThanOrEqual(0);
  const rest = lines.slice(from + 2);
  return rest.slice(0, rest.findIndex((line) => !line.startsWith("|"))).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")));
}

describe("docs/monitors.md", () => {
  it("names every monitor", () => expect(tableOf("monitor")).toEqual(Object.entries(monitors)));
  it("names every issue of captured data", () => expect(tableOf("issue")).toEqual(Object.entries(captureIssues)));
});

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { pages, root, textOf } from "./snippets.js";

const withoutCode = (page: string): string => textOf(page).replace(/^```[\s\S]*?^```/gm, "");

/** Where a page's headings can be linked to. */
const anchorsOf = (page: string): string[] =>
  [...withoutCode(page).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

describe.each(pages)("%s", (page) => {
  const text = withoutCode(page);

  it("links to what is there", () => {
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !/^https?:/.test(link));
    const broken = links.filter((link) => {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? page : join(dirname(page), file);
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it("closes every fence", () => expect((textOf(page).match(/^```/gm) ?? []).length % 2).toBe(0));

  it("has tables whose rows have as many cells as their head", () => {
    const tables = text.match(/^\|.*\n(?:\|.*\n)+/gm) ?? [];
    const cells = (row: string): number => row.split(/(?<!\\)\|/).length;
    for (const [head = "", ...rows] of tables.map((table) => table.trim().split("\n")))
      expect(rows.filter((row) => cells(row) !== cells(head))).toEqual([]);
  });

  it("is reachable from the README", () => {
    if (page !== "README.md") expect(textOf("README.md")).toContain(`(${page})`);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const src = resolve(import.meta.dirname, "../../src");

/** Functions that ECMAScript lets each engine round as it likes; Math.sqrt, Math.fround and the whole-number ones are exact. */
const loose = /\bMath\.(a?(sin|cos|tan)h?|atan2|exp|expm1|log|log10|log1p|log2|pow|cbrt|hypot)\b/g;
/** A power, but for whole powers of 2 and 1024 written as constants, which every engine has exactly. */
const power = /(?<![/*])\*\*(?![/*])/g;
const constantPower = /\b(2|1024) \*\* \d+\b/g;

it("no result depends on how an engine rounds: src/base/elementary.ts is used instead", () => {
  const found: string[] = [];
  for (const room of ["base", "stats", "data", "model", "drift", "monitor", "registry"]) {
    for (const name of readdirSync(join(src, room), { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    )) {
      const code = readFileSync(join(src, room, name), "utf8")
        .replace(/\/\*[^]*?\*\/|\/\/.*/g, "")
        .replace(constantPower, "");
      for (const [use] of [...code.matchAll(loose), ...code.matchAll(power)]) found.push(`${room}/${name}: ${use}`);
    }
  }
  expect(found).toEqual([]);
});

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");

it.each([
  ["churnkit/model", 'await loadBundle("/no/such/bundle");', "BUNDLE_NOT_FOUND"],
  ["churnkit/score", "await openBundle(new Uint8Array(30));", "BUNDLE_CORRUPT"],
])("an uncaught error of %s prints its message and a readable stack", (entry, call, code) => {
  const script = `import { loadBundle, openBundle } from ${JSON.stringify(entry)};\n${call}`.replace(
    call.includes("load") ? ", openBundle" : "loadBundle, ",
    "",
  );
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: root,
    encoding: "utf8",
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^ChurnkitError: /m);
  expect(stderr).toContain(`code: '${code}'`);
  expect(stderr).not.toContain("_ChurnkitError");
  expect(stderr.length).toBeLessThan(4000);
  expect(Math.max(...stderr.split("\n").map((line) => line.length))).toBeLessThan(400);
});

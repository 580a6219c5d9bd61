import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/keys.js";
import { protectionOf } from "../../src/cli/serve-protection.js";
import { syntheticContract } from "../../src/data/synthetic.js";
import { json, type Handler } from "../../src/serving/http.js";
import { bundleScript, start } from "../helpers/child.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb } from "../helpers/run-verb.js";
import { request } from "../serving/request.js";

describe("churnkit keys", () => {
  let file: string;
  beforeEach(() => {
    file = join(newFolder(), "keys.json");
  });
  const keys = async (...args: string[]): Promise<string> =>
    (await runVerb(register, ["keys", ...args, "--file", file])).out.trim();
  const names = async (): Promise<string[]> =>
    (JSON.parse(await keys("list", "--json")) as { keys: { name: string }[] }).keys.map(({ name }) => name);

  it("creates, lists and revokes, and keeps no secret", async () => {
    const secret = await keys("create", "crm");
    const second = JSON.parse(await keys("create", "ops", "--scope", "metrics", "--scope", "admin", "--json")) as {
      key: string;
    };
    expect([secret, second.key]).toEqual([expect.stringMatching(/^ck_/), expect.stringMatching(/^ck_/)]);
    expect(await names()).toEqual(["crm", "ops"]);
    expect(await keys("list")).toMatch(/name +scopes +created\ncrm +predict +\d{4}-.*\nops +metrics,admin +\d{4}-/);
    expect(await keys("list")).not.toContain("sha256");
    for (const one of [secret, second.key]) expect(readFileSync(file, "utf8")).not.toContain(one);
    await keys("revoke", "crm");
    expect(await names()).toEqual(["ops"]);
  });

  it("keeps the file to its owner, and permissions that were chosen", async () => {
    await keys("create", "a");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    chmodSync(file, 0o640);
    await keys("create", "b");
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  it("refuses what it cannot do, and leaves the file as it is", async () => {
    await keys("create", "a");
    const before = readFileSync(file, "utf8");
    await expect(keys("create", "a")).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(keys("create", "two words")).rejects.toMatchObject({ code: "INPUT_MALFORMED" });
    await expect(keys("create", "b", "--scope", "root")).rejects.toThrow("Scopes are");
    await expect(keys("revoke", "b")).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(readFileSync(file, "utf8")).toBe(before);
    writeFileSync(file, "{");
    await expect(keys("create", "b")).rejects.toMatchObject({ code: "INPUT_MALFORMED" });
    file = join(file, "none");
    await expect(keys("list")).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
  });

  it("loses no key of processes that make and revoke keys at once", async () => {
    await keys("create", "old");
    const child = await bundleScript(join(import.meta.dirname, "keys-child.ts"));
    const ends = await Promise.all(["a", "b", "c"].map((name) => start(child.script, [file, name, "8"]).ended));
    child.remove();
    expect(ends.map(({ code, err }) => [code, err])).toEqual(Array(3).fill([0, ""]));
    // Each process makes eight keys and revokes the even ones.
    const left = ["a", "b", "c"].flatMap((name) => [1, 3, 5, 7].map((i) => `${name}${i}`));
    expect((await names()).sort()).toEqual([...left, "old"].sort());
    expect(readdirSync(dirname(file))).toEqual(["keys.json"]);
  });

  it("makes keys that a server takes from its environment", async () => {
    const secret = await keys("create", "crm");
    process.env["CHURNKIT_KEYS"] = readFileSync(file, "utf8");
    try {
      const { middleware, close } = await protectionOf({}, syntheticContract);
      const handler = middleware.reduceRight<Handler>(
        (next, around) => around(next),
        () => Promise.resolve(json(200, {})),
      );
      const status = async (key: string): Promise<number> =>
        (await handler(request("/predict", {}, { headers: { "x-api-key": key } }))).status;
      expect([await status(secret), await status("other")]).toEqual([200, 401]);
      close();
    } finally {
      delete process.env["CHURNKIT_KEYS"];
    }
  });
});

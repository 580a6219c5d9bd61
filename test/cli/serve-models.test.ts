import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { ServeConfig } from "../../src/cli/serve-config.js";
import { servedModels } from "../../src/cli/serve-models.js";
import { filesStore } from "../../src/io/store/files/files-store.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { newFolder } from "../helpers/folder.js";

const folder = newFolder();
const store = join(folder, "registry");
const served = (word: string, options: ServeConfig = {}) =>
  servedModels([word], { store, watch: 0, ...options }, { onChange: () => undefined, onExposure: undefined });

describe("models of churnkit serve", () => {
  beforeAll(async () => {
    const registry = storeRegistry(filesStore(store), { name: "churn" });
    await registry.register(await sampleArtifact({ networks: 0 }));
    await registry.promote(1, "champion");
  });
  afterEach(() => vi.restoreAllMocks());

  it.each<[string, string, ServeConfig, string, RegExp]>([
    [
      "a registry that is not there",
      "churn@champion",
      { store: join(folder, "none") },
      "REGISTRY_NOT_FOUND",
      /no registry at .*none/,
    ],
    ["a misspelled model", "chrun@champion", {}, "REGISTRY_NOT_FOUND", /no model chrun; it has churn/],
    [
      "a variant with two shares",
      "churn@champion",
      { variant: ["1=0.5", "1=0.2"], splitBy: "plan" },
      "OPTION_INVALID",
      /gives 1 two shares/,
    ],
    ["variants that nothing decides", "churn@champion", { variant: ["1=0.5"] }, "OPTION_INVALID", /needs --split-by/],
    [
      "exposures without variants",
      "churn@champion",
      { exposures: "e.jsonl" },
      "OPTION_INVALID",
      /^--exposures .* --variant/,
    ],
    [
      "a column that splits nothing",
      "churn@champion",
      { splitBy: "plan" },
      "OPTION_INVALID",
      /^--split-by .* --variant/,
    ],
  ])("refuse %s, and say what to do", async (_, word, options, code, message) => {
    await expect(served(word, options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it("say that the column of variants may be misspelled", async () => {
    const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const variant = ["1=0.5"];
    (await served("churn@champion", { variant, splitBy: "plan" })).close();
    expect(written).not.toHaveBeenCalled();
    (await served("churn@champion", { variant, splitBy: "plann" })).close();
    expect(written.mock.calls.join()).toMatch(/--split-by plann is not a column.*did you mean plan\?/);
  });

  it("say which one does not serve the version that is due, and why", async () => {
    const { refresh, close } = await served("churn@champion");
    const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    writeFileSync(join(store, "churn", "index.json"), "torn");
    await refresh();
    close();
    expect(written.mock.calls.join()).toMatch(
      /^churnkit: champion does not serve the version that is due: .*index\.json/,
    );
  });
});

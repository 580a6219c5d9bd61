import { defineConfig } from "tsup";

/** One entry for each subpath of package.json's exports; test/package.test.ts fails when the two disagree. */
export default defineConfig({
  entry: {
    index: "src/index.ts",
    data: "src/data/index.ts",
    model: "src/model/index.ts",
    score: "src/model/score.ts",
    drift: "src/drift/index.ts",
    report: "src/report/index.ts",
    registry: "src/registry/index.ts",
    serving: "src/serving/index.ts",
    deploy: "src/deploy/index.ts",
    pipeline: "src/pipeline/index.ts",
    io: "src/io/index.ts",
    "engines/tfjs": "src/model/network/tfjs-engine.ts",
    "train-worker": "src/model/train-worker.ts",
    cli: "src/cli/main.ts",
  },
  format: "esm",
  target: "node20",
  platform: "node",
  splitting: true,
  sourcemap: false,
  clean: true,
  // The plots' packages are bundled into a chunk that only a report loads, so that users install nothing for them.
  noExternal: ["vega", "vega-lite"],
  esbuildOptions(options) {
    options.chunkNames = "chunks/[name]-[hash]";
    options.legalComments = "none";
  },
});

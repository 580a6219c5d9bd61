import { defineConfig, type Options } from "tsup";
import { doors } from "./scripts/through-doors.js";

const shared: Options = {
  format: "esm",
  target: "node20",
  platform: "node",
  sourcemap: false,
  // Bundled, so that users install nothing for them: the hash, and the plots' packages in a chunk that only a report loads.
  esbuildPlugins: [doors],
  noExternal: [/^@noble\//, "vega", "vega-lite"],
  esbuildOptions(options) {
    options.chunkNames = "chunks/[name]-[hash]";
    options.legalComments = "none";
  },
};

/** A file by itself: it shares no module, and so no state, with what a user imports from the other entries. */
const alone = (entry: Record<string, string>, options: Options = {}): Options => ({
  ...shared,
  splitting: false,
  entry,
  ...options,
});

/** One entry for each subpath of package.json's exports; test/package/exports.test.ts fails when the two disagree. */
export default defineConfig([
  {
    ...shared,
    splitting: true,
    entry: {
      index: "src/index.ts",
      model: "src/model/index.ts",
      cli: "src/cli/main.ts",
      data: "src/data/index.ts",
      drift: "src/drift/index.ts",
      export: "src/export/index.ts",
      monitor: "src/monitor/index.ts",
      report: "src/report/index.ts",
      tracking: "src/tracking/index.ts",
      "tracking/mlflow": "src/tracking/mlflow/index.ts",
      "tracking/sagemaker": "src/tracking/sagemaker/index.ts",
      registry: "src/registry/index.ts",
      jobs: "src/jobs/index.ts",
      client: "src/client/index.ts",
      serving: "src/serving/index.ts",
      deploy: "src/deploy/index.ts",
      "deploy/aws": "src/deploy/aws/index.ts",
      "deploy/cdk": "src/deploy/cdk/index.ts",
      "deploy/sagemaker": "src/deploy/sagemaker/index.ts",
      "deploy/functions": "src/deploy/functions/index.ts",
      pipeline: "src/pipeline/index.ts",
      container: "src/container/index.ts",
      "churnkit-container": "src/container/main.ts",
      rehearsal: "src/rehearsal/index.ts",
      io: "src/io/index.ts",
      "io/s3": "src/io/store/s3/store.ts",
      "io/cloudwatch": "src/io/metrics/cloudwatch-sink.ts",
      "registry/sagemaker": "src/registry/backends/sagemaker/index.ts",
      "registry/mlflow": "src/registry/backends/mlflow/index.ts",
      "engines/tfjs": "src/model/kinds/network/tfjs/engine.ts",
    },
  },
  alone({ "train-worker": "src/model/training/train-worker.ts" }),
  alone({ "score-worker": "src/model/batch/score-worker.ts" }),
  // Loading and scoring in one small file: a cold start reads nothing else. Lines stay short and names whole, for stack traces.
  alone(
    { score: "src/model/score.ts" },
    {
      esbuildOptions: (options) =>
        Object.assign(options, { legalComments: "none", minifyWhitespace: true, minifySyntax: true, lineLimit: 200 }),
    },
  ),
]);

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { budget } from "./test/helpers/budget.js";

/** Tests that need more than Node and the sources: dist, a service, Python, Go, a browser, another Node, a bundler. */
const system = [
  "test/{aws,container,deploy,examples,package,runtimes}/**/*.test.ts",
  "test/cli/{bad-input,batch,learners,runs,saving,tune-killed,usage,verbs}.test.ts",
  "test/docs/{snippets,tour}.test.ts",
  "test/e2e/package.test.ts",
  "test/faults/training.test.ts",
  "test/io/{prometheus-sink,s3-errors,s3-faults,s3-objects,s3-registry,s3-store}.test.ts",
  "test/model/network/enough-members.test.ts",
  "test/model/tuning/{cross-validate,tune}.test.ts",
  "test/monitor/erase-s3.test.ts",
  "test/pipeline/main-job.test.ts",
  "test/registry/{sagemaker,sagemaker-faults,mlflow/mlflow-registry}.test.ts",
  "test/serving/{docs-page,foreign-clients,lambda-batch,redis,serve-command,serve-life,tls,with-sink,workers}.test.ts",
  "test/rehearsal/emulator.test.ts",
  "test/tracking/sagemaker-tracker.test.ts",
];

/** Tests that replace a module or a global before they import, or need a process of their own, such as those of memory. */
const systemAlone = [
  "test/io/s3-stream.test.ts",
  "test/io/cloudwatch-sink.test.ts",
  "test/model/network/tfjs-node.test.ts",
  // A child's highest memory counts its parent's from before it began its program.
  "test/registry/large-bundle.test.ts",
];
const unitAlone = ["test/base/{errors,hash}.test.ts", "test/io/s3-options.test.ts", "test/registry/power-cut.test.ts"];

/** These take longest: they begin first, so that none is left running alone at the end. */
const slowest = [
  "aws-pipeline",
  "mlflow-registry",
  "snippets",
  "sagemaker-faults",
  "sagemaker",
  "s3-registry",
  "bad-input",
  "batch",
  "release",
  "tour",
  "verbs",
  "main-job",
  "release-recovery",
  "year",
  "local",
];

/** One project after the other, since a worker and what it has imported are kept while the project stays the same. */
class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const projects = ["system", "system-alone", "unit-alone", "unit"];
    const rank = ({ project, moduleId }: TestSpecification): number => {
      const place = slowest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return projects.indexOf(project.name) * 100 + (place === -1 ? slowest.length : place);
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** Workers that live long spend less time on garbage with more room for the young; those alone are measured for memory. */
const project = (name: string, include: string[], exclude: string[] = []) => {
  const isolate = name.endsWith("alone");
  const execArgv = isolate ? [] : ["--max-semi-space-size=64"];
  return { extends: true as const, test: { name, include, exclude, isolate, execArgv } };
};

export default defineConfig({
  test: {
    projects: [
      project("system", system),
      project("system-alone", systemAlone),
      project("unit", ["test/**/*.test.ts"], [...system, ...systemAlone, ...unitAlone]),
      project("unit-alone", unitAlone),
    ],
    sequence: { sequencer: SlowestFirst },
    // Vitest leaves one core free; here one more would stay idle, since much time goes to waiting for services and processes.
    maxWorkers: availableParallelism() + 1,
    globalSetup: ["scripts/build-kernels.mjs", "scripts/build-scorer.mjs"],
    setupFiles: "test/helpers/clean-up.ts",
    testTimeout: budget(30_000),
    hookTimeout: budget(60_000),
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/kernels/**", "src/cli/main.ts"],
      thresholds: { lines: 90 },
    },
  },
});

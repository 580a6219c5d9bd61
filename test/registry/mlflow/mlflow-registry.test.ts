import { afterAll, beforeAll } from "vitest";
import { memoryStore } from "../../../src/io/memory-store.js";
import { mlflowRegistry, type MlflowRegistryOptions } from "../../../src/registry/mlflow/index.js";
import type { ModelRegistry } from "../../../src/registry/registry.js";
import { registryConformance } from "../../conformance/registry.js";
import { mlflowPython, startMlflow, type Mlflow } from "../../helpers/mlflow.js";
import { describe } from "vitest";

const ready = await mlflowPython("registry in MLflow");

describe.skipIf(!ready)("in MLflow", () => {
  let server: Mlflow;
  beforeAll(async () => (server = await startMlflow()), 180_000);
  afterAll(() => server.stop());

  let made = 0;
  const empty = (options: Partial<MlflowRegistryOptions> = {}): ModelRegistry =>
    mlflowRegistry({ name: "sample", trackingUri: server.url, prefix: `team-${made++}.`, experiment: "conformance", ...options });

  registryConformance("MLflow", () => empty());
  registryConformance("MLflow with a ledger", () => empty({ ledger: memoryStore() }));
});

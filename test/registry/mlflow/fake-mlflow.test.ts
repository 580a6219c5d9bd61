import { memoryStore } from "../../../src/io/store/memory-store.js";
import { mlflowRegistry } from "../../../src/registry/backends/mlflow/index.js";
import { registryConformance } from "../../conformance/registry.js";
import { fakeMlflow } from "./fake-mlflow.js";

const trackingUri = "http://mlflow.test";

// Two versions on a page, so that every list has several.
registryConformance("MLflow in memory", () =>
  mlflowRegistry({ name: "sample", trackingUri, fetch: fakeMlflow({ pageSize: 2 }).fetch }),
);
registryConformance("MLflow in memory, with a ledger", () =>
  mlflowRegistry({ name: "sample", trackingUri, fetch: fakeMlflow({ pageSize: 2 }).fetch, ledger: memoryStore() }),
);

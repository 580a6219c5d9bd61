import { join } from "node:path";

/** The folders and files of SageMaker, all below one root. */
export const placesIn = (root: string) => ({
  /** Of a training job. */
  hyperparameters: join(root, "input/config/hyperparameters.json"),
  channels: join(root, "input/config/inputdataconfig.json"),
  resources: join(root, "input/config/resourceconfig.json"),
  data: join(root, "input/data"),
  checkpoints: join(root, "checkpoints"),
  results: join(root, "output/data"),
  failure: join(root, "output/failure"),
  /** Of a processing job. */
  processingConfig: join(root, "config/processingjobconfig.json"),
  processingResources: join(root, "config/resourceconfig.json"),
  inputs: join(root, "processing/input"),
  outputs: join(root, "processing/output"),
  message: join(root, "output/message"),
  /** What a training job leaves and a server reads; several for a server of many models. */
  model: join(root, "model"),
  models: join(root, "models"),
});

/** The machine around one run of the container. */
export interface Host {
  readonly places: ReturnType<typeof placesIn>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Prints a line that is read by others: metrics, the address of a server. */
  readonly print: (line: string) => void;
  /** Prints a line for people. */
  readonly log: (line: string) => void;
  /** Aborted when the container has to end. */
  readonly signal: AbortSignal;
}

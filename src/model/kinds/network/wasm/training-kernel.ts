import { kernelBase64 } from "../../../../kernels/build/kernel-bytes.js";
import { EmbeddedModule } from "../../../wasm.js";
import { Kernel, type KernelExports } from "../kernel.js";

/** The functions of the whole kernel: those that score, and those that train. */
interface TrainingExports extends KernelExports {
  /** Returns the sum of the rows' losses. */
  readonly train: (
    network: number,
    data: number,
    rows: number,
    batch: number,
    step: number,
    learningRate: number,
  ) => number;
  readonly gradients: (network: number, data: number, rows: number, step: number, dropping: number) => void;
}

/** One instance of the whole kernel. */
export type TrainingKernel = Kernel<TrainingExports>;

const embedded = new EmbeddedModule(kernelBase64);

/**
 * Makes a new instance of the whole kernel, to train.
 *
 * @param module the one of `churnkit/kernel.wasm`, if the runtime forbids compiling bytes.
 * @throws ChurnkitError `KERNEL_UNAVAILABLE` when the runtime can't or won't compile it.
 */
export async function loadTrainingKernel(module?: WebAssembly.Module): Promise<TrainingKernel> {
  return new Kernel((await embedded.instance(module)) as unknown as TrainingExports);
}

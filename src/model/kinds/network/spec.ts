/** One hidden layer: dense, relu, then optionally batch normalization, then optionally dropout. */
export interface HiddenLayer {
  /** Number of units, 1 or more. */
  readonly units: number;
  /** L2 penalty on the kernel: `l2 * sum(w^2)` is added to the loss, as in Keras. 0 for none. */
  readonly l2: number;
  readonly batchNorm: boolean;
  /** Share of units dropped while training, in [0, 1). */
  readonly dropout: number;
}

/** The shape of a network; plain JSON. The output is `outputs` sigmoid units (1 for a binary classifier). */
export interface NetworkSpec {
  readonly inputs: number;
  readonly hidden: readonly HiddenLayer[];
  readonly outputs: number;
  /**
   * Number of adapters (TabM-mini, Gorishniy et al. 2025), 1 or more: each scales the features by factors of its own
   * and has an output layer of its own; they share the hidden layers, of which there is at least one. Absent: no adapters.
   */
  readonly adapters?: number | undefined;
  /** Moving-average momentum and variance epsilon of batch normalization (Keras defaults: 0.99 and 0.001). */
  readonly batchNorm: { readonly momentum: number; readonly epsilon: number };
}

/** One tensor of the network by its TF.js weight name, e.g. `dense_0/kernel`. Kernels are [inputs, units] row-major. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** False for the moving statistics of batch normalization. */
  readonly trainable: boolean;
}

/** Values of every tensor, in the order of {@link tensorLayout}. */
export type NetworkWeights = readonly Float32Array[];

/**
 * The tensors of a network in their one order, which the kernel's memory, the TF.js engine and the file format all
 * follow: for each hidden layer kernel, bias, then gamma, beta, moving_mean, moving_variance if it is batch
 * normalized; last the output's kernel and bias.
 */
export function tensorLayout(spec: NetworkSpec): TensorSpec[] {
  const tensors: TensorSpec[] = [];
  const { adapters } = spec;
  if (adapters !== undefined) tensors.push({ name: "adapters", shape: [spec.inputs, adapters], trainable: true });
  let width = spec.inputs;
  spec.hidden.forEach((layer, i) => {
    tensors.push(
      { name: `dense_${i}/kernel`, shape: [width, layer.units], trainable: true },
      { name: `dense_${i}/bias`, shape: [layer.units], trainable: true },
    );
    if (layer.batchNorm) {
      for (const part of ["gamma", "beta", "moving_mean", "moving_variance"]) {
        tensors.push({
          name: `batch_normalization_${i}/${part}`,
          shape: [layer.units],
          trainable: !part.startsWith("moving"),
        });
      }
    }
    width = layer.units;
  });
  const outputs = spec.outputs * (adapters ?? 1);
  tensors.push(
    { name: "output/kernel", shape: [width, outputs], trainable: true },
    { name: "output/bias", shape: [outputs], trainable: true },
  );
  return tensors;
}

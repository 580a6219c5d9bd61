import { dropoutHash } from "../../../src/model/kinds/network/initial-weights.js";
import type { AdamOptions, SessionState, TrainingData } from "../../../src/model/kinds/network/engine.js";
import { tensorLayout, type NetworkSpec } from "../../../src/model/kinds/network/spec.js";

/** A tensor of the reference: plain doubles. */
type Values = number[];

const at = (values: ArrayLike<number>, i: number): number => {
  const value = values[i];
  if (value === undefined) throw new Error(`index ${i} of ${values.length}`);
  return value;
};

const zeros = (n: number): Values => new Array<number>(n).fill(0);

interface LayerTrace {
  input: Values;
  relu: Values;
  mean: Values;
  inverse: Values;
  mask: Values;
}

/**
 * The network written out in double precision, the slow and obvious way: what the kernel is held against.
 */
export class Reference {
  readonly weights: Values[];
  readonly m: Values[];
  readonly v: Values[];
  step: number;

  constructor(
    readonly spec: NetworkSpec,
    readonly seed: number,
    state: SessionState,
  ) {
    this.weights = state.weights.map((tensor) => [...tensor]);
    this.m = state.m.map((tensor) => [...tensor]);
    this.v = state.v.map((tensor) => [...tensor]);
    this.step = state.step;
  }

  tensor(name: string): Values {
    const index = tensorLayout(this.spec).findIndex((tensor) => tensor.name === name);
    const values = this.weights[index];
    if (values === undefined) throw new Error(`no tensor ${name}`);
    return values;
  }

  static dense(a: Values, rows: number, kernel: Values, bias: Values): Values {
    const units = bias.length;
    const inputs = kernel.length / units;
    const out = zeros(rows * units);
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < units; j++) {
        let sum = at(bias, j);
        for (let i = 0; i < inputs; i++) sum += at(a, r * inputs + i) * at(kernel, i * units + j);
        out[r * units + j] = sum;
      }
    }
    return out;
  }

  /** Forward in training mode. */
  forward(x: Values, rows: number, dropout: boolean, moving: boolean) {
    const traces: LayerTrace[] = [];
    let a = x;
    this.spec.hidden.forEach((layer, index) => {
      const { units } = layer;
      const input = a;
      const z = Reference.dense(a, rows, this.tensor(`dense_${index}/kernel`), this.tensor(`dense_${index}/bias`));
      const relu = z.map((value) => Math.max(value, 0));
      const mean = zeros(units);
      const inverse = zeros(units);
      a = [...relu];
      if (layer.batchNorm) {
        const gamma = this.tensor(`batch_normalization_${index}/gamma`);
        const beta = this.tensor(`batch_normalization_${index}/beta`);
        const movingMean = this.tensor(`batch_normalization_${index}/moving_mean`);
        const movingVariance = this.tensor(`batch_normalization_${index}/moving_variance`);
        for (let j = 0; j < units; j++) {
          for (let r = 0; r < rows; r++) mean[j] = at(mean, j) + at(relu, r * units + j) / rows;
          let variance = 0;
          for (let r = 0; r < rows; r++) variance += (at(relu, r * units + j) - at(mean, j)) ** 2 / rows;
          inverse[j] = 1 / Math.sqrt(variance + this.spec.batchNorm.epsilon);
          for (let r = 0; r < rows; r++) {
            a[r * units + j] = at(gamma, j) * (at(relu, r * units + j) - at(mean, j)) * at(inverse, j) + at(beta, j);
          }
          if (moving) {
            const { momentum } = this.spec.batchNorm;
            movingMean[j] = momentum * at(movingMean, j) + (1 - momentum) * at(mean, j);
            movingVariance[j] = momentum * at(movingVariance, j) + (1 - momentum) * variance;
          }
        }
      }
      const mask = relu.map((_, i) => {
        if (!dropout || layer.dropout === 0) return 1;
        return dropoutHash(this.seed, this.step, index, i) / 2 ** 32 < layer.dropout ? 0 : 1 / (1 - layer.dropout);
      });
      a = a.map((value, i) => value * at(mask, i));
      traces.push({ input, relu, mean, inverse, mask });
    });
    return {
      traces,
      last: a,
      logits: Reference.dense(a, rows, this.tensor("output/kernel"), this.tensor("output/bias")),
    };
  }

  /** Loss of a batch with L2 penalties and without, and the gradients of the former in layout order. */
  gradients(data: TrainingData, batch: ArrayLike<number>, dropout: boolean, moving = false) {
    const { spec } = this;
    const rows = batch.length;
    const { inputs, outputs } = spec;
    const order = Array.from(batch);
    const x = order.flatMap((row) => [...data.x.subarray(row * inputs, (row + 1) * inputs)]);
    const y = order.flatMap((row) => [...data.y.subarray(row * outputs, (row + 1) * outputs)]);
    const { traces, last, logits } = this.forward(x, rows, dropout, moving);
    let loss = 0;
    const delta = logits.map((z, i) => {
      const weight = data.sampleWeights === undefined ? 1 : at(data.sampleWeights, at(order, Math.floor(i / outputs)));
      const share = weight / rows / outputs;
      loss += share * (Math.max(z, 0) - z * at(y, i) + Math.log1p(Math.exp(-Math.abs(z))));
      return share * (1 / (1 + Math.exp(-z)) - at(y, i));
    });
    const found = new Map<string, Values>();
    const denseBack = (name: string, a: Values, d: Values): Values => {
      const kernel = this.tensor(`${name}/kernel`);
      const units = this.tensor(`${name}/bias`).length;
      const width = kernel.length / units;
      const dKernel = zeros(kernel.length);
      const dBias = zeros(units);
      const dInput = zeros(rows * width);
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < units; j++) {
          const g = at(d, r * units + j);
          dBias[j] = at(dBias, j) + g;
          for (let i = 0; i < width; i++) {
            dKernel[i * units + j] = at(dKernel, i * units + j) + at(a, r * width + i) * g;
            dInput[r * width + i] = at(dInput, r * width + i) + at(kernel, i * units + j) * g;
          }
        }
      }
      found.set(`${name}/kernel`, dKernel).set(`${name}/bias`, dBias);
      return dInput;
    };
    let d = denseBack("output", last, delta);
    let penalty = 0;
    for (let index = spec.hidden.length - 1; index >= 0; index--) {
      const layer = spec.hidden[index];
      const trace = traces[index];
      if (layer === undefined || trace === undefined) throw new Error("no layer");
      const { units } = layer;
      d = d.map((value, i) => value * at(trace.mask, i));
      if (layer.batchNorm) {
        const gamma = this.tensor(`batch_normalization_${index}/gamma`);
        const dGamma = zeros(units);
        const dBeta = zeros(units);
        const hat = (r: number, j: number): number =>
          (at(trace.relu, r * units + j) - at(trace.mean, j)) * at(trace.inverse, j);
        for (let j = 0; j < units; j++) {
          for (let r = 0; r < rows; r++) {
            dBeta[j] = at(dBeta, j) + at(d, r * units + j);
            dGamma[j] = at(dGamma, j) + at(d, r * units + j) * hat(r, j);
          }
          for (let r = 0; r < rows; r++) {
            const centered = at(d, r * units + j) - at(dBeta, j) / rows - (hat(r, j) * at(dGamma, j)) / rows;
            d[r * units + j] = at(gamma, j) * at(trace.inverse, j) * centered;
          }
        }
        found.set(`batch_normalization_${index}/gamma`, dGamma).set(`batch_normalization_${index}/beta`, dBeta);
      }
      d = d.map((value, i) => (at(trace.relu, i) > 0 ? value : 0));
      d = denseBack(`dense_${index}`, trace.input, d);
      const kernel = this.tensor(`dense_${index}/kernel`);
      const dKernel = found.get(`dense_${index}/kernel`) ?? [];
      kernel.forEach((w, i) => {
        penalty += layer.l2 * w * w;
        dKernel[i] = at(dKernel, i) + 2 * layer.l2 * w;
      });
    }
    const gradients = tensorLayout(spec).map(({ name }) => found.get(name) ?? []);
    return { loss, fullLoss: loss + penalty, gradients };
  }

  /** One pass with Adam; returns the mean loss. */
  epoch(data: TrainingData, order: Uint32Array, batchSize: number, learningRate: number, adam: AdamOptions): number {
    let total = 0;
    for (let first = 0; first < order.length; first += batchSize) {
      const batch = order.subarray(first, first + batchSize);
      const { loss, gradients } = this.gradients(data, batch, true, true);
      total += loss * batch.length;
      const t = this.step + 1;
      gradients.forEach((tensor, index) => {
        const weights = this.weights[index] ?? [];
        const m = this.m[index] ?? [];
        const v = this.v[index] ?? [];
        tensor.forEach((g, i) => {
          m[i] = adam.beta1 * at(m, i) + (1 - adam.beta1) * g;
          v[i] = adam.beta2 * at(v, i) + (1 - adam.beta2) * g * g;
          const root = Math.sqrt(at(v, i) / (1 - adam.beta2 ** t));
          weights[i] = at(weights, i) - (learningRate * at(m, i)) / (1 - adam.beta1 ** t) / (root + adam.epsilon);
        });
      });
      this.step++;
    }
    return total / order.length;
  }

  /** Logits in inference mode. */
  predict(x: ArrayLike<number>, rows: number): Values {
    let a: Values = Array.from(x).slice(0, rows * this.spec.inputs);
    this.spec.hidden.forEach((layer, index) => {
      a = Reference.dense(a, rows, this.tensor(`dense_${index}/kernel`), this.tensor(`dense_${index}/bias`));
      a = a.map((value) => Math.max(value, 0));
      if (!layer.batchNorm) return;
      const part = (name: string): Values => this.tensor(`batch_normalization_${index}/${name}`);
      a = a.map((value, i) => {
        const j = i % layer.units;
        const inverse = 1 / Math.sqrt(at(part("moving_variance"), j) + this.spec.batchNorm.epsilon);
        return at(part("gamma"), j) * (value - at(part("moving_mean"), j)) * inverse + at(part("beta"), j);
      });
    });
    return Reference.dense(a, rows, this.tensor("output/kernel"), this.tensor("output/bias"));
  }
}

import { Network, ROW } from "./layout";
import { mulAdd } from "./math";

/*
 * Adapters: the network reads every row of a batch several times, each time with its features scaled by an adapter's
 * factors. In memory come first the rows as adapter 0 scales them, then as adapter 1 does, and so on; last the rows
 * themselves.
 */

/** Factors of an adapter for the features of a panel. */
@inline
function factorsAt(network: Network, adapter: i32, panel: i32): usize {
  return network.adapterFactors + <usize>(adapter * network.inputPanels + panel) * ROW;
}

/** Scales the rows, `count` of them after those to be written. */
export function adaptForward(network: Network, count: i32): void {
  for (let p = 0; p < network.inputPanels; ++p) {
    let to = network.x + <usize>p * network.stride;
    const rows = to + <usize>(network.adapters * count) * ROW;
    for (let adapter = 0; adapter < network.adapters; ++adapter) {
      const factors = factorsAt(network, adapter, p);
      const factors0 = v128.load(factors);
      const factors1 = v128.load(factors, 16);
      let from = rows;
      const end = to + <usize>count * ROW;
      do {
        v128.store(to, f32x4.mul(v128.load(from), factors0));
        v128.store(to, f32x4.mul(v128.load(from, 16), factors1), 16);
        from += ROW;
        to += ROW;
      } while (to < end);
    }
  }
}

/** Gradients by the factors, from those by the scaled rows in `network.xDelta`. */
export function adaptBackward(network: Network, count: i32): void {
  for (let p = 0; p < network.inputPanels; ++p) {
    const offset = <usize>p * network.stride;
    const rows = network.x + offset + <usize>(network.adapters * count) * ROW;
    let delta = network.xDelta + offset;
    for (let adapter = 0; adapter < network.adapters; ++adapter) {
      let sum0 = f32x4.splat(0);
      let sum1 = sum0;
      let from = rows;
      const end = delta + <usize>count * ROW;
      do {
        sum0 = mulAdd(sum0, v128.load(delta), v128.load(from));
        sum1 = mulAdd(sum1, v128.load(delta, 16), v128.load(from, 16));
        from += ROW;
        delta += ROW;
      } while (delta < end);
      const gradient = factorsAt(network, adapter, p) + network.toGradient;
      v128.store(gradient, sum0);
      v128.store(gradient, sum1, 16);
    }
  }
}

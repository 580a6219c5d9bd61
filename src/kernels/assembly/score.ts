import { gemv, listValues } from "./gemv";
import { CHUNK, ROW } from "./layout";
import { matmul } from "./matmul";
import { outputForward } from "./output";
import { gather } from "./rows";

/** A layer ready to score: batch normalization is folded into the next layer. */
@unmanaged
class ScoreLayer {
  inputs: i32;
  panels: i32;
  kernel: usize;
  bias: usize;
}

/** A network ready to score. `front`, `back` and `scratch` hold CHUNK rows of the widest layer or input each. */
@unmanaged
class ScoreNetwork {
  layerCount: i32;
  layers: usize;
  inputs: i32;
  outputs: i32;
  outputKernel: usize;
  outputBias: usize;
  front: usize;
  back: usize;
  scratch: usize;
  /** The list of a single row's features, after its end: shared by networks of as many features. */
  features: usize;
  /** Are all weights finite, so that a value of zero adds nothing? */
  finite: i32;
}

/**
 * Logits of `rows` rows of features without padding. A row gets the same bits alone as among others.
 *
 * @param again the last network of as many features has scored the same single row, so its features are listed.
 */
export function score(at: usize, x: usize, rows: i32, logits: usize, again: i32): void {
  const network = changetype<ScoreNetwork>(at);
  const all = network.finite ^ 1;
  if (all) again = 0;
  for (let first = 0; first < rows; first += CHUNK) {
    const count = min(CHUNK, rows - first);
    // A single row is a run of panels one row long: no transposing, and the kernel for a single row.
    const stride: usize = count == 1 ? ROW : <usize>CHUNK * ROW;
    let front = network.front;
    let back = network.back;
    const scratch = network.scratch;
    if (count > 1 || !again || network.layerCount == 0) gather(x, network.inputs, 0, first, count, front, stride);
    let panels = (network.inputs + 7) >> 3;
    for (let i = 0; i < network.layerCount; ++i) {
      const layer = changetype<ScoreLayer>(network.layers + <usize>i * offsetof<ScoreLayer>());
      if (count == 1) {
        let list = scratch;
        let end: usize;
        if (i == 0) {
          list = network.features + 8;
          if (!again) store<usize>(network.features, listValues(front, layer.inputs, all, list));
          end = load<usize>(network.features);
        } else end = listValues(front, layer.inputs, all, list);
        gemv(list, end, layer.inputs, layer.kernel, layer.panels, layer.bias, back);
      } else matmul(front, stride, count, layer.inputs, layer.kernel, layer.panels, layer.bias, back, scratch);
      const swap = front;
      front = back;
      back = swap;
      panels = layer.panels;
    }
    const out = logits + ((<usize>(first * network.outputs)) << 2);
    outputForward(front, stride, panels, count, network.outputKernel, network.outputBias, network.outputs, out);
  }
}

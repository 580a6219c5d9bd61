/**
 * A model's log odds as an affine map of the features to `width` numbers h, followed by a function of h whose
 * gradient is known. h is linear along a straight line between two rows, so a path between them needs the map only at
 * its ends. Works on batches of up to {@link batchRows} points; members of an ensemble share the rows of h, each at
 * its own offset.
 */
export interface Differentiable {
  readonly inputs: number;
  readonly width: number;
  /** Writes the affine map of the row that starts at `x[at]` to `h[from]` and on. */
  project(x: Float32Array, at: number, h: Float64Array, from: number): void;
  /**
   * Writes the log odds of a batch to `out`, and keeps the state for {@link Differentiable.addGradient}. The point of
   * row i starts at `h[from + i * stride]`.
   */
  forward(h: Float64Array, from: number, stride: number, rows: number, out: Float64Array): void;
  /**
   * Adds, for each row of the last batch of `forward`, `scales[i]` times the gradient by the features (rows x
   * inputs).
   */
  addGradient(scales: Float64Array, rows: number, gradient: Float64Array): void;
}

/** Most rows of a batch. */
export const batchRows = 64;

import type { CapturedPrediction, CaptureIssue } from "./capture.js";
import type { SageMakerPrediction } from "./sagemaker.js";

/** Limit on the predictions that wait for an answer. */
const mostHeld = 1_000;

interface Held {
  readonly prediction: CapturedPrediction;
  readonly note: (issue: CaptureIssue, cause: string) => void;
}

/**
 * Outputs that are all 0 or 1 may be labels, and read as probabilities they would raise an alarm. One number between
 * them shows that all are probabilities. So such predictions wait for one, and without it they count without a score.
 */
export class WholeScores {
  #held: Held[] = [];
  #known = false;

  /** Returns the predictions that no longer need to wait. */
  *take(predictions: readonly SageMakerPrediction[], note: Held["note"]): Generator<CapturedPrediction> {
    for (const { whole, ...prediction } of predictions) {
      if (whole === undefined && prediction.probability !== null && prediction.probability % 1 !== 0 && !this.#known) {
        this.#known = true;
        for (const held of this.#held) yield held.prediction;
        this.#held = [];
      }
      if (whole === undefined || this.#known) yield prediction;
      else this.#held.push({ prediction, note });
      if (this.#held.length >= mostHeld) yield* this.end();
    }
  }

  /** Returns those that still wait, without a score. */
  *end(): Generator<CapturedPrediction> {
    const held = this.#held;
    this.#held = [];
    for (const { prediction, note } of held) {
      note("badOutput", "The outputs: all are 0 or 1, which may be labels; set outputForm to probability or label.");
      yield { ...prediction, probability: null, label: prediction.label ?? String(prediction.probability) };
    }
  }
}

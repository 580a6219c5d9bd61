import type { MonitorLabel } from "../counting/intake.js";
import { checkLabel } from "../performance/labeled/records.js";

/** Which outcomes count. Lengths in milliseconds; `days` helps. */
export interface OutcomeRules {
  /** A customer who churns within this time after the prediction is a positive. */
  readonly window: number;
  /** How long after its end a label may still arrive. Default 0. */
  readonly delay?: number | undefined;
  /** What a prediction without a label means when its window has closed: nothing (default), or that the customer stayed. */
  readonly absent?: "unknown" | "negative" | undefined;
}

/** `not yet`: the window is open, so nothing counts. `assumed`: no label came, which means that the customer stayed. */
export type OutcomeState = "not yet" | "known" | "assumed" | "unknown";

export interface Outcome {
  readonly outcome: 0 | 1 | null;
  readonly state: OutcomeState;
}

interface Known {
  /** Null for an outcome without a time. */
  readonly time: number | null;
  readonly positive: boolean;
}

/** Labels by the id that they name. */
export class Labels {
  readonly #byId = new Map<string, Known[]>();

  /** Adds a label; false for one that cannot be used. */
  add(label: MonitorLabel): boolean {
    const timed = label.time !== undefined;
    const checked = checkLabel(timed ? label : { ...label, time: label.recorded ?? 0 });
    if (typeof checked === "string") return false;
    const { id, time, positive } = checked;
    const known = this.#byId.get(id) ?? [];
    known.push({ time: timed ? time : null, positive });
    this.#byId.set(id, known);
    return true;
  }

  /** The outcome of a prediction, by its own id, or by the customer's with an outcome that came after it. */
  outcomeOf(
    { predictionId, id, at }: { readonly predictionId: string | null; readonly id: string | null; readonly at: number },
    { window, delay = 0, absent = "unknown" }: OutcomeRules,
    now: number,
  ): Outcome {
    const end = at + window;
    if (now < end + delay) return { outcome: null, state: "not yet" };
    const own = this.#of(predictionId);
    const theirs = predictionId === id ? [] : this.#of(id);
    const known = [...own, ...theirs.filter(({ time }) => time === null || time >= at)];
    if (known.some(({ positive, time }) => positive && (time === null || time <= end)))
      return { outcome: 1, state: "known" };
    // Who churned later had stayed until then.
    if (known.length > 0) return { outcome: 0, state: "known" };
    return absent === "negative" ? { outcome: 0, state: "assumed" } : { outcome: null, state: "unknown" };
  }

  #of(id: string | null): readonly Known[] {
    return (id === null ? undefined : this.#byId.get(id)) ?? [];
  }
}

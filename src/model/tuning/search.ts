import { canonicalJson } from "../../base/json/index.js";
import type { Budget } from "../kinds/budget.js";
import type { Outcome, Trial, TrialPlan } from "../training/trial.js";
import type { Journal } from "./journal.js";
import type { Method, Point } from "./methods/method.js";
import type { Searched } from "./space/searched.js";

/** A search: which points, and how they are tried. */
export interface SearchSetup {
  readonly method: Method;
  readonly searched: readonly Searched[];
  /** 1 if a lower value is better, -1 if a higher one is. */
  readonly sign: 1 | -1;
  /** Trials at work at the same time. */
  readonly abreast: number;
  readonly journal: Journal | undefined;
  /** Name of the search in the journal. */
  readonly stage: string;
  readonly budget: Budget | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onTrial: ((trial: Trial) => void) | undefined;
  readonly evaluate: (plan: TrialPlan, signal: AbortSignal) => Promise<Outcome>;
}

/** Trials in the order of their numbers, and whether the budget ended the search before its end. */
export interface SearchResult {
  readonly trials: readonly Trial[];
  readonly ended: boolean;
}

/**
 * Tries the points that a method asks for, several at a time. The points do not depend on how many: the method is told
 * losses in the order of the points. When the budget is spent, trials at work are given up, except that the first of all is
 * waited for.
 *
 * @throws the error of the journal, of the listener or of the signal. A trial that fails is an outcome.
 */
export async function runSearch(setup: SearchSetup): Promise<SearchResult> {
  const run = new Run(setup);
  const { method, budget, abreast } = setup;
  let through = false;
  try {
    for (;;) {
      const point = await run.nextPoint(method);
      if (point === undefined) {
        through = !run.over;
        break;
      }
      await run.room(abreast);
      if (run.over || (budget?.spent && run.begun > 0)) break;
      run.start(point);
    }
  } finally {
    await run.end();
  }
  const trials = run.trials();
  return { trials, ended: !through || trials.length < run.begun };
}

class Run {
  readonly #setup: SearchSetup;
  readonly #stop = new AbortController();
  readonly #points: Point[] = [];
  readonly #plans: TrialPlan[] = [];
  readonly #outcomes: (Outcome | undefined)[] = [];
  readonly #running = new Map<number, Promise<void>>();
  /** Trials by their options, since a method may ask for the same again. */
  readonly #same = new Map<string, Promise<Outcome>>();
  #failure: { readonly error: unknown } | undefined;
  readonly #onAbort = (): void => this.#fail(this.#setup.signal?.reason);
  readonly #onSpent = (): void => {
    if (this.#outcomes.some((outcome) => outcome !== undefined)) this.#stop.abort();
  };

  constructor(setup: SearchSetup) {
    this.#setup = setup;
    setup.signal?.addEventListener("abort", this.#onAbort, { once: true });
    setup.budget?.signal.addEventListener("abort", this.#onSpent, { once: true });
    if (setup.signal?.aborted) this.#onAbort();
  }

  /** Trials that were begun. */
  get begun(): number {
    return this.#points.length;
  }

  /** Whether nothing else is to begin. */
  get over(): boolean {
    return this.#stop.signal.aborted;
  }

  /** The method's next point, as soon as enough is known for it. */
  async nextPoint(method: Method): Promise<Point | undefined> {
    const { sign } = this.#setup;
    for (let known = Math.max(0, this.#points.length - method.lag + 1); ; known++) {
      for (let i = 0; i < known; i++) if (this.#outcomes[i] === undefined) await this.#running.get(i);
      if (this.over) return undefined;
      const losses = this.#outcomes
        .slice(0, known)
        .map((outcome) => (outcome?.value === undefined || outcome.value === null ? Infinity : sign * outcome.value));
      const point = method.next(this.#points, losses);
      if (point !== undefined || known >= this.#points.length) return point;
    }
  }

  /** Waits until fewer than `most` trials are at work. */
  async room(most: number): Promise<void> {
    while (this.#running.size >= most) await Promise.race(this.#running.values());
  }

  start(point: Point): void {
    const { searched } = this.#setup;
    const of = searched[point.searched] as Searched;
    const plan = {
      number: this.#points.push(point) - 1,
      learner: of.learner,
      options: of.optionsAt(point.values),
      share: point.share,
    };
    this.#plans.push(plan);
    const work = this.#try(plan).catch((error: unknown) => {
      if (!this.over) this.#fail(error);
    });
    this.#running.set(
      plan.number,
      work.then(() => void this.#running.delete(plan.number)),
    );
  }

  async #try(plan: TrialPlan): Promise<void> {
    const { journal, stage, evaluate, onTrial, budget } = this.#setup;
    const before = journal?.outcomeOf(stage, plan);
    const key = canonicalJson([plan.learner, plan.options, plan.share]);
    const known = before === undefined ? this.#same.get(key) : Promise.resolve(before);
    const work = known ?? evaluate(plan, this.#stop.signal);
    this.#same.set(key, work);
    const outcome = await work;
    if (before === undefined) await journal?.add(stage, plan, outcome);
    this.#outcomes[plan.number] = outcome;
    onTrial?.({ ...plan, ...outcome });
    if (budget?.spent) this.#onSpent();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop.abort(error);
  }

  /** Waits for what is at work, and throws what went wrong. */
  async end(): Promise<void> {
    await Promise.all(this.#running.values());
    this.#setup.signal?.removeEventListener("abort", this.#onAbort);
    this.#setup.budget?.signal.removeEventListener("abort", this.#onSpent);
    if (this.#failure) throw this.#failure.error;
  }

  trials(): Trial[] {
    return this.#plans.flatMap((plan, i) => {
      const outcome = this.#outcomes[i];
      return outcome === undefined ? [] : [{ ...plan, ...outcome }];
    });
  }
}

/** Issues of predictions and labels, and how they are handled. Declared once; results count each by name. */
export const joinIssues = {
  invalidId: "A record without a usable id (a text of 1 to 512 characters): left out.",
  invalidTime: "A record whose time is neither milliseconds, ISO 8601 nor a Date: left out.",
  invalidProbability: "A prediction whose probability is not a number from 0 to 1: left out.",
  invalidFlag: "A prediction whose treated or control is not true or false: left out.",
  invalidOutcome: "A label whose outcome is not 0, 1, true or false: left out.",
  futurePrediction: "A prediction later than `now`: left out.",
  duplicatePrediction: "The same prediction again: counted once.",
  conflictingPrediction: "Another prediction with the same id: the earliest counts.",
  treatedControl: "A prediction marked both treated and control: counted as treated.",
  unknownId: "A label without a prediction: left out.",
  futureLabel: "A label recorded after `now`: not known yet, left out.",
  labelBeforePrediction: "A label of an event before the prediction: left out.",
  prematureNegative: "A negative label from before the outcome window closed, which does not count yet: left out.",
  afterWindow: "A positive label from after the outcome window: the customer had stayed, so it counts as negative.",
  duplicateLabel: "The same outcome again for one prediction: counted once.",
  conflictingLabel: "A prediction with both outcomes: its label is not used.",
  lateLabel:
    "A prediction whose label was recorded after window and delay: used, and the period's figures have changed.",
} as const;

/** A name of {@link joinIssues}. */
export type JoinIssue = keyof typeof joinIssues;

/** Count of an issue, with the first few ids. */
export interface IssueCount {
  readonly issue: JoinIssue;
  readonly count: number;
  /** At most five ids, cut to 80 characters. */
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

/** Counts issues by name. */
export class IssueLog {
  readonly #counts = new Map<JoinIssue, { count: number; examples: string[] }>();

  note(issue: JoinIssue, id: string, times = 1): void {
    if (times <= 0) return;
    const entry = this.#counts.get(issue) ?? { count: 0, examples: [] };
    entry.count += times;
    if (entry.examples.length < EXAMPLES) entry.examples.push(id.slice(0, 80));
    this.#counts.set(issue, entry);
  }

  /** The issues found, in the table's order. */
  list(): IssueCount[] {
    return (Object.keys(joinIssues) as JoinIssue[]).flatMap((issue) => {
      const entry = this.#counts.get(issue);
      return entry === undefined ? [] : [{ issue, ...entry }];
    });
  }
}

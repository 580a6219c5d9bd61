import { sigmoid } from "../../../stats/logistic.js";
import { openBudget, type Budget, type Cap } from "../../kinds/budget.js";
import type { LabeledMatrix, Learned, LearnerContext } from "../../kinds/learner.js";
import { chooseMembers, type Chosen } from "./choose-members.js";
import { distilled, partsOf } from "./distill.js";
import { fitCandidates, type Trained, type Tried } from "./fit-candidates.js";
import type { AutoParameters } from "./learner.js";

const leastSeconds = 60;
/** Values of a matrix that are tried in that time; a larger one gets more, up to five times as much. */
const valuesInTime = 1e6;
const mostTimes = 5;
/** Share of the time that candidates take, if a network is to be distilled from them. */
const candidatesShare = 0.8;

/** Trains the candidates of an `auto` learner, and makes one model of them. */
export async function fitStack(
  parameters: AutoParameters,
  training: LabeledMatrix,
  validation: LabeledMatrix | undefined,
  context: LearnerContext,
): Promise<Learned> {
  const budget = parameters.counted ? context.budget : ownBudget(context.budget, training);
  const left = budget?.left ?? Infinity;
  const shared = parameters.distill && left > 0 && left < Infinity;
  const first = shared ? openBudget({ seconds: candidatesShare * left, stop: budget?.signal }) : budget;
  const parts = parameters.distill ? partsOf(training, validation, context.seed) : undefined;
  // A student learns out-of-fold probabilities of the rows that it trains on, so the stack has no validation rows then.
  const [learns, stops] = parts ? [parts.training, undefined] : [training, validation];
  const tried = await fitCandidates(parameters.candidates, learns, stops, { ...context, budget: first });
  const chosen = chooseMembers(tried, stops ?? learns, parameters.maxLatency, context.seed);
  const learned = learnedOf(chosen, capsOf(tried, chosen, parameters, budget));
  return parts ? distilled(learned, chosen, parameters, parts, { ...context, budget }) : learned;
}

/** The caller's budget if it has an end, else one of its own that the caller's stops too. */
function ownBudget(given: Budget | undefined, { matrix }: LabeledMatrix): Budget {
  if (given && given.left < Infinity) return given;
  const times = Math.min(mostTimes, Math.max(1, matrix.length / valuesInTime));
  return openBudget({ seconds: Math.round(leastSeconds * times), stop: given?.signal });
}

/** One member as it is, several as a mean of their log odds. */
function learnedOf({ members, choice, logOdds, rows }: Chosen, caps: readonly Cap[]): Learned {
  const [only, ...others] = members as [Trained, ...Trained[]];
  if (others.length === 0) {
    const { learner, learned } = only;
    return {
      ...learned,
      learner: learner.name,
      found: { ...learner.parameters, ...learned.found, auto: choice },
      caps,
    };
  }
  return {
    model: {
      kind: "ensemble",
      members: members.map(({ learned }) => learned.model),
      weights: choice.members.map(({ weight }) => weight),
      average: "logOdds",
    },
    heldOut: { rows, probabilities: logOdds.map(sigmoid) },
    history: members.flatMap(({ learned }) => learned.history),
    learner: "stack",
    found: { auto: choice },
    caps,
  };
}

function capsOf(
  { count, failed, trained }: Tried,
  { members, choice }: Chosen,
  { candidates, maxLatency }: AutoParameters,
  budget: Budget | undefined,
): Cap[] {
  const own = members.flatMap(({ name, learned }) =>
    (learned.caps ?? []).map(({ cap, message }) => ({
      cap,
      message: members.length > 1 ? `${name}: ${message}` : message,
    })),
  );
  const caps: Cap[] = [...own];
  for (const { name, message } of failed)
    caps.push({ cap: "members", message: `${name} failed and was left out: ${message}` });
  if (budget && count < candidates.length) {
    const names = trained.map(({ name }) => name).join(", ");
    const message =
      count > 0
        ? `${budget.name} ended auto after ${count} of ${candidates.length} learners (${names}); a longer training tries the others too`
        : `${budget.name} ended ${names} early, and no learner was finished`;
    caps.push({ cap: "budget", message });
  }
  if (choice.microseconds > maxLatency)
    caps.push({
      cap: "members",
      message: `no learner scores a record within ${maxLatency} microseconds; the quickest, which takes ${choice.microseconds}, was kept`,
    });
  return caps;
}

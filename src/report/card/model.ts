import { JsonValue, list, object, optional, text } from "../../base/json/index.js";
import { mostClasses } from "../../data/table/index.js";
import type { Artifact, Costs, Decision, ModelNode, Provenance, TrainingRun } from "../../model/artifact.js";
import { corrupt } from "../../model/bundle/index.js";
import type { CardNotes } from "./notes.js";

/** A part of a model and its weight in the mean. */
export interface CardMember {
  readonly name: string;
  readonly weight: number;
}

/** The model of one class against all others. */
export interface CardClassModel {
  readonly label: string;
  readonly kind: string;
  readonly members: readonly CardMember[];
  readonly reason: string | null;
}

/** What makes the scores of a card's model. */
export interface CardModel {
  readonly learner: string;
  /** One model, or the mean of its members. */
  readonly kind: string;
  /** Empty for one model. */
  readonly members: readonly CardMember[];
  /** The model of each class, where there are more than two; else empty. */
  readonly classes: readonly CardClassModel[];
  /** Why a stack was chosen, or one of its candidates. */
  readonly reason: string | null;
  readonly calibration: Artifact["calibration"]["kind"];
  readonly threshold: number;
  readonly rule: Decision["rule"];
  readonly costs: Costs | null;
  readonly seed: number;
  readonly gitCommit: string | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** What a training took, and an estimate of its energy if the notes give its terms. */
export interface CardTraining extends TrainingRun {
  readonly energy:
    | (NonNullable<CardNotes["energy"]> & { readonly kilowattHours: number; readonly gramsOfCarbonDioxide: number })
    | null;
}

const auto = optional(object({ reason: text(), members: list(object({ learner: text() }), 1000) }));
const told = object({
  auto,
  classes: optional(list(object({ auto }), mostClasses)),
  caps: optional(list(object({ message: text() }), 1000)),
});

/**
 * What a learner told of its training: the choice of a stack, or of one for each class, and the limits that ended it early.
 *
 * @throws ChurnkitError BUNDLE_CORRUPT if it is something else.
 */
export const toldBy = ({ parameters }: Provenance): ReturnType<typeof told> =>
  told(JsonValue.of(parameters, "provenance.json", corrupt, "parameters"));

/** Describes the model of an artifact. */
export function cardModel({ model, provenance, calibration, decision, contract }: Artifact): CardModel {
  const { auto: choice, classes: choices = [] } = toldBy(provenance);
  const shown = ["auto", ...(choices.some((one) => one.auto) ? ["classes"] : [])];
  const parameters = Object.fromEntries(
    Object.entries(provenance.parameters).filter(([name]) => !shown.includes(name)),
  );
  const classes =
    model.kind !== "classes"
      ? []
      : model.members.map((member, k): CardClassModel => {
          const own = choices[k]?.auto;
          return {
            label: contract.target?.classes[k] ?? "",
            kind: kindOf(member),
            members: membersOf(member, own?.members),
            reason: own?.reason ?? null,
          };
        });
  return {
    learner: provenance.learner,
    kind: kindOf(model),
    members: membersOf(model, choice?.members),
    classes,
    reason: choice?.reason ?? null,
    calibration: calibration.kind,
    threshold: decision.threshold,
    rule: decision.rule,
    costs: decision.costs ?? null,
    seed: provenance.seed,
    gitCommit: provenance.gitCommit ?? null,
    versions: provenance.versions,
    parameters,
  };
}

function kindOf(node: ModelNode): string {
  switch (node.kind) {
    case "network":
      return "one neural network";
    case "linear":
      return "one linear model";
    case "trees":
      return `${node.roots.length} trees, joined into one model`;
    case "ensemble":
      return `the ${node.weights === undefined ? "" : "weighted "}mean of the ${node.average === "logOdds" ? "log odds" : "probabilities"} of ${node.members.length} models`;
    case "classes":
      return `a model for each of ${node.members.length} classes, joined by a softmax`;
  }
}

/** The members of an ensemble; equal ones with equal weights, such as networks from several seeds, are one line. */
function membersOf(node: ModelNode, ofStack: readonly { readonly learner: string }[] = []): CardMember[] {
  if (node.kind !== "ensemble") return [];
  const { members, weights } = node;
  const named = members.map((member, i): CardMember => {
    const learner = ofStack.length === members.length ? ofStack[i]?.learner : undefined;
    const kind = kindOf(member);
    return {
      name: learner === undefined ? kind : `${learner}: ${kind}`,
      weight: weights?.[i] ?? 1 / members.length,
    };
  });
  const [first] = named;
  const alike = named.every(({ name, weight }) => name === first?.name && weight === first.weight);
  return alike && first !== undefined ? [{ name: `each: ${first.name}`, weight: first.weight }] : named;
}

const secondsPerHour = 3600;

/** @param run what is known of the training. */
export function cardTraining(run: TrainingRun | undefined, { energy }: CardNotes): CardTraining | null {
  if (run === undefined) return null;
  if (energy === undefined || run.processorSeconds === undefined) return { ...run, energy: null };
  const kilowattHours = (run.processorSeconds * energy.wattsPerProcessor) / secondsPerHour / 1000;
  return {
    ...run,
    energy: { ...energy, kilowattHours, gramsOfCarbonDioxide: kilowattHours * energy.gramsPerKilowattHour },
  };
}

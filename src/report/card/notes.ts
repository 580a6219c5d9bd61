import {
  documentError,
  JsonValue,
  number,
  oneOf,
  optional,
  strictObject,
  text,
  type Decoder,
} from "../../base/json/index.js";

/** What only people know of a model, for its card. Plain texts, without markup; a blank line begins a paragraph. */
export interface CardNotes {
  /** The model in one or two sentences. */
  readonly description?: string | undefined;
  /** Who answers for the model. */
  readonly owner?: string | undefined;
  readonly contact?: string | undefined;
  readonly license?: string | undefined;
  /** Why the model was made. */
  readonly purpose?: string | undefined;
  readonly intendedUse?: string | undefined;
  /** Uses that the model is not meant for. */
  readonly outOfScope?: string | undefined;
  readonly businessProblem?: string | undefined;
  readonly stakeholders?: string | undefined;
  readonly lineOfBusiness?: string | undefined;
  readonly riskRating?: (typeof riskRatings)[number] | undefined;
  /** Why the risk is rated so. */
  readonly riskReason?: string | undefined;
  /** Where the data are from, from when, and by which right. */
  readonly dataOrigin?: string | undefined;
  /** Limits beyond those that the card finds itself. */
  readonly limits?: string | undefined;
  readonly ethics?: string | undefined;
  /** For an estimate of the training's energy and emissions. */
  readonly energy?:
    | {
        /** Power that one busy processor draws, with its share of the rest of the machine. */
        readonly wattsPerProcessor: number;
        /** Emissions of the electricity, in grams of CO2 equivalent. */
        readonly gramsPerKilowattHour: number;
      }
    | undefined;
}

/** SageMaker's ratings. */
const riskRatings = ["High", "Medium", "Low", "Unknown"] as const;

const words = optional(text(10_000));

const decoder: Decoder<CardNotes> = strictObject({
  description: words,
  owner: words,
  contact: words,
  license: words,
  purpose: words,
  intendedUse: words,
  outOfScope: words,
  businessProblem: words,
  stakeholders: words,
  lineOfBusiness: words,
  riskRating: optional(oneOf(riskRatings)),
  riskReason: words,
  dataOrigin: words,
  limits: words,
  ethics: words,
  energy: optional(strictObject({ wattsPerProcessor: number(0, 10_000), gramsPerKilowattHour: number(0, 10_000) })),
} satisfies Record<keyof CardNotes, Decoder<unknown>>);

const refused = documentError("OPTION_INVALID", "", "Correct the notes of the model card.");

/** @throws ChurnkitError OPTION_INVALID for an unknown member or a wrong value. */
export const checkedNotes = (notes: CardNotes): CardNotes =>
  decoder(JsonValue.of(notes, "The notes", refused, "notes"));

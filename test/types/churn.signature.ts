/** Made by churnkit of the signature of the model "churn"; make it anew instead of changing it. */

/** One record to score. Predicts "churned". */
export interface ChurnRequest {
  /** A whole number, unit "months", from 0, to 120. */
  readonly "tenure": number;
  /** A number, above 0, a multiple of 0.01. */
  readonly "monthly charge": number | null;
  /** True or false. */
  readonly "paperless": boolean | "yes" | "no";
  /** An ISO 8601 date, from 2010-01-01. */
  readonly "joined"?: string | Date | null | undefined;
  /** A label. */
  readonly "plan": "basic" | "plus";
  /** A label, others are scored as unknown. */
  readonly "city"?: "Oslo" | (string & {}) | null | undefined;
  /** A text, at most 80 characters. */
  readonly "note"?: string | null | undefined;
  /** Names the record; not looked at. */
  readonly "customerId"?: unknown;
}

/** The answer to one record. */
export interface ChurnResponse {
  /** The label at the model's threshold. */
  readonly prediction: "No" | "Yes";
  /** Of "Yes", in [0, 1]. */
  readonly probability: number;
}

/** SHA-256 of the signature. */
export const signatureHash = "ac312e1ed6644432d83677966257e223d8ac6ba607a0b099deb294e1d18e2950";

import { count, number, object, text } from "../../base/json/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { type Contract, parseContract } from "../../data/contract/index.js";
import { type Validation, validateTable } from "../../data/quality/index.js";
import { decodeWith } from "../aws/decode.js";
import { decodeEvent } from "./events.js";
import { tableAt } from "./row-files.js";
import { type FunctionOptions, surroundingsOf } from "./surroundings.js";

/** Settings of {@link validationFunction}. */
export interface ValidationFunctionOptions extends FunctionOptions {
  /** What rows must keep. */
  readonly contract: Contract;
  /** Fewest rows that keep it. Default 1,000. */
  readonly minRows?: number | undefined;
  /** Largest share of rows that don't. Default 0.05. */
  readonly maxRejected?: number | undefined;
  /** Lowest quality score, from 0 to 1. Default 0.5. */
  readonly minQuality?: number | undefined;
  /** Whether each row needs a label, as training does. Default true. */
  readonly labeled?: boolean | undefined;
}

const eventOf = object({ uri: text(2048) });

/**
 * The function that `retrainingMachine` calls as `validate`: it is given `uri`, a file of rows or a folder of them in the target's folder, and
 * throws if the data cannot be trained on.
 *
 * @throws ChurnkitError OPTION_INVALID. From the function: INPUT_* for data that cannot be read, VALUE_INVALID with each limit that is
 * broken.
 * @example
 * ```ts no-run
 * import { syntheticContract } from "churnkit/data";
 * import { validationFunction } from "churnkit/deploy/functions";
 *
 * export const handler = validationFunction({ contract: syntheticContract, minRows: 5000 });
 * ```
 */
export function validationFunction(
  options: ValidationFunctionOptions,
): (event: unknown) => Promise<Pick<Validation, "rows" | "rejected" | "qualityScore">> {
  const around = surroundingsOf(options);
  const { labeled = true } = options;
  const contract = parseContract(options.contract);
  const limit = (name: "maxRejected" | "minQuality", given: number): number =>
    decodeWith(number(0, 1), options[name] ?? given, "The validation", name, "docs/aws-functions.md");
  const [maxRejected, minQuality] = [limit("maxRejected", 0.05), limit("minQuality", 0.5)];
  const minRows = decodeWith(count(1), options.minRows ?? 1000, "The validation", "minRows", "docs/aws-functions.md");

  return async (event) => {
    const { uri } = decodeEvent(eventOf, event, "a validation");
    const table = await tableAt(around, uri, contract, labeled ? "required" : "optional");
    const { rows, rejected, qualityScore, findings } = validateTable(table);
    const kept = rows - rejected;
    const broken = [
      ...(kept < minRows ? [`${kept} rows keep the contract, which is fewer than ${minRows}`] : []),
      ...(rejected > maxRejected * rows
        ? [`${rejected} of ${rows} rows break it, which is more than ${maxRejected}`]
        : []),
      ...(qualityScore < minQuality ? [`its quality score ${qualityScore.toFixed(3)} is below ${minQuality}`] : []),
      // Broken rows are counted above; the others concern a column or the table.
      ...findings.filter(({ rule }) => rule === "oneClass" || rule === "missingColumn").map(({ message }) => message),
    ];
    if (broken.length === 0) return { rows, rejected, qualityScore };
    const first = findings.find(({ severity }) => severity !== "info");
    throw new ChurnkitError(
      "VALUE_INVALID",
      `${uri} cannot be used: ${broken.join("; ")}. ${first === undefined ? "" : `First finding: ${first.message}`}`.trim(),
      { where: { file: uri } },
    );
  };
}

import { counted } from "../base/counted.js";
import { ChurnkitError } from "../base/errors.js";
import { record, text } from "../base/json/index.js";
import type { Contract } from "../data/contract/index.js";
import type { Table } from "../data/table/index.js";
import type { Channel } from "./channels.js";
import { bytesOf, bytesOfPipe, jsonIfAny, onlyFile } from "./files.js";
import type { Host } from "./host.js";
import { type Inference, rowFilesIn, rowsOfPipe, tableOf } from "./row-files.js";

/** The hyperparameters of a training job: names and texts; none where there is no file. */
export async function hyperparametersOf({ places }: Host): Promise<Record<string, string>> {
  const given = await jsonIfAny(places.hyperparameters);
  return given === undefined ? {} : record(text(), 1000)(given);
}

/**
 * The rows of a channel as one table.
 *
 * @throws ChurnkitError INPUT_EMPTY for a folder without files, OPTION_INVALID where neither a contract nor a target is told.
 */
export async function tableOfChannel(
  { log }: Host,
  { name, mode, path, contentType }: Channel,
  { contract, by }: { readonly contract: Contract | undefined; readonly by: Inference },
): Promise<Table> {
  const files = mode === "Pipe" ? [await rowsOfPipe(path, contentType)] : await rowFilesIn(path, contentType);
  if (files.length === 0)
    throw new ChurnkitError("INPUT_EMPTY", `The channel ${name} has no files in ${path}. Check its S3Uri.`, {
      where: { file: path },
    });
  const told = Object.keys(by);
  if (told.length > 0 && (contract !== undefined || files.every(({ hasContract }) => hasContract)))
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The rows of the channel ${name} have a contract, so ${told.join(", ")} would have no effect. Remove ${told.length > 1 ? "these hyperparameters" : "this hyperparameter"}.`,
    );
  const table = await tableOf(files, { contract, by, labels: "required" });
  if (table.contract.target === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The channel ${name} names no target. Give the hyperparameters target and positive, or a channel with a contract.`,
      { where: { file: path } },
    );
  const aside = table.rejected.length === 0 ? "" : `, and ${table.rejected.length} set aside`;
  log(`${name}: ${counted(table.rows, "row")} of ${counted(files.length, mode === "Pipe" ? "pipe" : "file")}${aside}`);
  return table;
}

/** The bytes of a channel that is one document. */
export const documentOfChannel = async ({ mode, path }: Channel): Promise<Uint8Array> =>
  mode === "Pipe" ? bytesOfPipe(path) : bytesOf(await onlyFile(path));

import { join } from "node:path";
import { ChurnkitError } from "../base/errors.js";
import { parseContract } from "../data/contract/index.js";
import type { ArtifactKind, ArtifactValues } from "../jobs/artifacts.js";
import type { Job } from "../jobs/index.js";
import { filesIn, foldersIn } from "./files.js";
import type { Host } from "./host.js";
import { documentIn, inputReaders, type RowRules } from "./input-readers.js";

/** The values of a job's inputs, and a hash of each. */
interface JobInputs {
  readonly values: Record<string, unknown>;
  readonly hashes: Record<string, string>;
}

/** Jobs that take rows without labels. */
const unlabeled: ReadonlySet<string> = new Set(["score"]);
const isTable = (kind: string): boolean => kind.startsWith("table");

/**
 * The folders that a job's inputs may have. A job that takes tables has an input `contract` more: it reads files of rows.
 *
 * @throws ChurnkitError OPTION_INVALID if there is a folder of another name, which nothing would read.
 */
export async function inputFolders({ places }: Host, { name, inputs }: Job): Promise<ReadonlyMap<string, string>> {
  const names = new Set([...Object.keys(inputs), ...(Object.values(inputs).some(isTable) ? ["contract"] : [])]);
  const other = (await foldersIn(places.inputs)).find((folder) => !names.has(folder));
  if (other !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The job ${name} has no input ${other}, as the folder ${join(places.inputs, other)} says. It takes ${[...names].join(", ")}.`,
    );
  return new Map([...names].map((each) => [each, join(places.inputs, each)]));
}

/**
 * Reads the inputs of a job from their folders.
 *
 * @throws ChurnkitError OPTION_INVALID for a folder that is no input, INPUT_EMPTY for an input without files, and what reading throws.
 */
export async function inputsOf(host: Host, job: Job): Promise<JobInputs> {
  const folders = await inputFolders(host, job);
  const read: JobInputs = { values: {}, hashes: {} };
  const take = async (name: string, kind: string, rules: RowRules): Promise<void> => {
    const folder = folders.get(name) as string;
    if ((await filesIn(folder)).length > 0) {
      const { value, hash } = await inputReaders[kind.replace("?", "") as ArtifactKind](folder, rules);
      read.values[name] = value;
      read.hashes[name] = hash;
    } else if (!kind.endsWith("?"))
      throw new ChurnkitError("INPUT_EMPTY", `The job ${job.name} needs the input ${name}: ${folder} has no file.`, {
        where: { file: folder },
      });
  };
  const all = Object.entries(job.inputs);
  const rules: RowRules = { contract: undefined, labels: unlabeled.has(job.name) ? "optional" : "required" };
  for (const [name, kind] of all.filter(([, one]) => !isTable(one))) await take(name, kind, rules);
  const tables = all.filter(([, kind]) => isTable(kind));
  if (tables.length === 0) return read;
  const described = folders.get("contract") as string;
  const model = read.values["model"] as ArtifactValues["bundle"] | undefined;
  const contract =
    (await filesIn(described)).length > 0
      ? parseContract((await documentIn(described)).value)
      : model?.artifact.contract;
  for (const [name, kind] of tables) await take(name, kind, { ...rules, contract });
  return read;
}

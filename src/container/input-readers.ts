import { hasher, hashJson } from "../base/hash.js";
import { ChurnkitError } from "../base/errors.js";
import type { JsonValue } from "../base/json/index.js";
import type { Contract } from "../data/contract/index.js";
import { hashTable } from "../data/table/index.js";
import type { ArtifactKind, ArtifactValues } from "../jobs/artifacts.js";
import { featuresFromJson } from "../jobs/feature-params.js";
import { loadBundle, manifestPath } from "../model/bundle/index.js";
import { filesIn, jsonFile, onlyFile } from "./files.js";
import { joinedFile } from "./joined-file.js";
import { rowFilesIn, tableOf } from "./row-files.js";

/** An artifact from a folder, with a hash of its content. */
interface Read<Value> {
  readonly value: Value;
  readonly hash: string;
}

/** How a table's files are read that bring no contract of their own. */
export interface RowRules {
  readonly contract: Contract | undefined;
  readonly labels: "required" | "optional";
}

/**
 * Reads an artifact of each kind from the files of a folder, in the forms that a person or another job leaves them in.
 *
 * @throws ChurnkitError OPTION_INVALID for files that cannot be read without a contract or for too many files; and what reading throws.
 */
export const inputReaders: {
  readonly [Kind in ArtifactKind]: (folder: string, rules: RowRules) => Promise<Read<ArtifactValues[Kind]>>;
} = {
  async file(folder) {
    const value = await joinedFile(folder);
    return { value, hash: hasher().update(value).hex() };
  },
  async table(folder, { contract, labels }) {
    const files = await rowFilesIn(folder);
    if (contract === undefined && !files.every(({ hasContract }) => hasContract))
      throw new ChurnkitError(
        "OPTION_INVALID",
        `${folder} holds files that bring no contract. Give the input contract, or read the files by the job ingest first.`,
        { where: { file: folder } },
      );
    const value = await tableOf(files, { contract, labels });
    return { value, hash: await hashTable(value) };
  },
  async features(folder) {
    const json = await documentIn(folder);
    return { value: featuresFromJson(json), hash: hashJson(json.value) };
  },
  async bundle(folder) {
    const { artifact, scorer, manifest } = await loadBundle(await bundleIn(folder));
    return { value: { artifact, scorer }, hash: manifest.contentHash };
  },
  async json(folder) {
    const { value } = await documentIn(folder);
    return { value, hash: hashJson(value) };
  },
};

/** The one JSON document of a folder. */
export const documentIn = async (folder: string): Promise<JsonValue> => jsonFile(await onlyFile(folder));

/** The path of a folder's bundle: the folder itself, or an archive in it. */
export const bundleIn = async (folder: string): Promise<string> =>
  (await filesIn(folder)).includes(manifestPath) ? folder : onlyFile(folder);

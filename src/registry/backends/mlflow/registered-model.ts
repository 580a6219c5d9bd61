import { count, text, type JsonValue } from "../../../base/json/index.js";
import type { AliasEntry } from "../../registry-state.js";
import type { VersionStage } from "../../versions/version.js";
import { type MlflowClient, readTags, strange, writeTags } from "../../../io/mlflow/index.js";
import { tagError } from "./labels.js";
import { readAlias, trailTag, writeTrail } from "./trail.js";
import { readVersion, type MlflowVersion } from "./versions.js";

/** A version to be created. */
export interface NewVersion {
  /** Address of its folder of artifacts. */
  readonly source: string;
  readonly runId: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** One registered model of MLflow: its versions and aliases. */
export interface RegisteredModel {
  /** Every version that churnkit registered, in order of number, including those that do not count. */
  versions(): Promise<readonly MlflowVersion[]>;
  /** Creates a version in one call; after a lost answer `made` finds its number. Returns the number. */
  create(version: NewVersion, made: () => Promise<number | undefined>): Promise<number>;
  /** Uses up numbers, so that the next created version has this one, unless it was given before. */
  skipTo(number: number, place: Pick<NewVersion, "source" | "runId">): Promise<void>;
  /** Deletes a version; a missing one is not an error. */
  delete(number: number): Promise<void>;
  setTag(number: number, key: string, value: string): Promise<void>;
  deleteTag(number: number, key: string): Promise<void>;
  describe(number: number, description: string): Promise<void>;
  toStage(number: number, stage: VersionStage): Promise<void>;
  aliases(): Promise<readonly AliasEntry[]>;
  setAlias(entry: AliasEntry): Promise<void>;
}

const atModels = "mlflow/registered-models";
const atVersions = "mlflow/model-versions";
const pageSize = "1000";

export function registeredModel(client: MlflowClient, name: string): RegisteredModel {
  const { speaker } = client;
  const find = async (): Promise<JsonValue | undefined> =>
    (await client.find({ method: "GET", path: `${atModels}/get`, query: { name } }))?.get("registered_model");

  let ensured = false;

  async function ensure(): Promise<void> {
    if (ensured) return;
    if ((await find()) === undefined)
      await client.create(
        { method: "POST", path: `${atModels}/create`, json: { name } },
        (answer) => answer.get("registered_model"),
        find,
      );
    ensured = true;
  }

  async function aliases(): Promise<AliasEntry[]> {
    const model = await find();
    if (model === undefined || model.get("aliases").absent) return [];
    const tags = readTags(model.get("tags"));
    const entries = model
      .get("aliases")
      .items()
      .map((one) => {
        const alias = text()(one.get("alias"));
        return readAlias(alias, numberIn(one), tags.get(trailTag(alias)), tagError(speaker));
      });
    return entries.sort((a, b) => (a.alias < b.alias ? -1 : 1));
  }

  /** Changes of one version. */
  const change = async (
    method: "POST" | "PATCH" | "DELETE",
    path: string,
    number: number,
    what: object,
  ): Promise<void> => {
    await client.call({ method, path: `${atVersions}/${path}`, json: { name, version: String(number), ...what } });
  };

  async function remove(number: number): Promise<void> {
    await client.find({ method: "DELETE", path: `${atVersions}/delete`, json: { name, version: String(number) } });
  }

  return {
    async versions() {
      const versions: MlflowVersion[] = [];
      // By number: pages by offset would skip a version if another is removed in the meantime.
      for (let last = 0, more = true; more;) {
        const query = {
          filter: `name='${name}' AND version_number > ${last}`,
          order_by: "version_number ASC",
          max_results: pageSize,
        };
        const page = await client.call({ method: "GET", path: `${atVersions}/search`, query });
        const found = page.get("model_versions").absent ? [] : page.get("model_versions").items();
        for (const json of found) {
          const number = numberIn(json);
          if (number <= last) throw strange(speaker, `GET ${atVersions}/search`, "is not in order of number");
          last = number;
          const version = readVersion(json, number, speaker);
          if (version !== undefined) versions.push(version);
        }
        more = found.length > 0 && !page.get("next_page_token").absent;
      }
      return versions;
    },
    async create({ source, runId, description, tags }, made) {
      await ensure();
      const json = { name, source, run_id: runId, description, tags: writeTags(tags) };
      return client.create(
        { method: "POST", path: `${atVersions}/create`, json },
        (answer) => numberIn(answer.get("model_version")),
        made,
      );
    },
    async skipTo(number, { source, runId }) {
      await ensure();
      // Numbers rise by one, also over deleted versions. Without churnkit's tags these do not count as versions.
      for (let last = 0; last < number - 1;) {
        const json = {
          name,
          source,
          run_id: runId,
          description: "A number that was skipped in the registry this model came from.",
        };
        last = await client.create(
          { method: "POST", path: `${atVersions}/create`, json },
          (answer) => numberIn(answer.get("model_version")),
          () => Promise.resolve(undefined),
        );
        await remove(last);
      }
    },
    delete: remove,
    setTag: (number, key, value) => change("POST", "set-tag", number, { key, value }),
    deleteTag: (number, key) => change("DELETE", "delete-tag", number, { key }),
    describe: (number, description) => change("PATCH", "update", number, { description }),
    toStage: (number, stage) => change("POST", "transition-stage", number, { stage, archive_existing_versions: false }),
    aliases,
    async setAlias(entry) {
      const { alias, version } = entry;
      const present = (await aliases()).find((one) => one.alias === alias);
      await client.call({
        method: "POST",
        path: `${atModels}/set-tag`,
        json: { name, key: trailTag(alias), value: writeTrail(entry, present) },
      });
      await client.call({ method: "POST", path: `${atModels}/alias`, json: { name, alias, version: String(version) } });
    },
  };
}

/** MLflow returns a version's number as a text. */
function numberIn(version: JsonValue): number {
  const json = version.get("version");
  const number = typeof json.value === "string" ? Number(json.value) : count(1)(json);
  if (!Number.isSafeInteger(number) || number < 1) throw json.not("the number of a version");
  return number;
}

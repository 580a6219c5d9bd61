import type { JsonValue } from "../../model/bundle/json.js";
import type { AliasEntry } from "../registry-state.js";
import type { VersionStage } from "../version.js";
import type { MlflowClient } from "./client.js";
import { tagError } from "./failure.js";
import { readTags, writeTags } from "./labels.js";
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
  /** Every version that churnkit registered, in order of number; also those that do not count. */
  versions(): Promise<readonly MlflowVersion[]>;
  /** Creates a version in one call; after a lost answer, `made` says which number it got. Returns the number. */
  create(version: NewVersion, made: () => Promise<number | undefined>): Promise<number>;
  delete(number: number): Promise<void>;
  setTag(number: number, key: string, value: string): Promise<void>;
  deleteTag(number: number, key: string): Promise<void>;
  describe(number: number, description: string): Promise<void>;
  toStage(number: number, stage: VersionStage): Promise<void>;
  aliases(): Promise<readonly AliasEntry[]>;
  setAlias(entry: AliasEntry): Promise<void>;
}

const at = "mlflow/registered-models";
const atVersions = "mlflow/model-versions";
const encoder = new TextEncoder();

export function registeredModel(client: MlflowClient, name: string): RegisteredModel {
  const { speaker } = client;
  const find = async (): Promise<JsonValue | undefined> => (await client.find({ method: "GET", path: `${at}/get`, query: { name } }))?.get("registered_model");
  let ensured = false;

  async function ensure(): Promise<void> {
    if (ensured) return;
    if ((await find()) === undefined) await client.create({ method: "POST", path: `${at}/create`, body: { name } }, find);
    ensured = true;
  }

  function aliasesOf(model: JsonValue | undefined): AliasEntry[] {
    if (model === undefined || model.get("aliases").absent) return [];
    const tags = readTags(model.get("tags"));
    const entries = model.get("aliases").list().map((one) => {
      const alias = one.get("alias").text();
      return readAlias(alias, Number(one.get("version").text()), tags.get(trailTag(alias)), tagError(speaker));
    });
    return entries.sort((a, b) => (a.alias < b.alias ? -1 : 1));
  }

  return {
    async versions() {
      const filter = `name='${name}'`;
      const found = await client.pages({ method: "GET", path: `${atVersions}/search`, query: { filter } }, "model_versions");
      return found
        .flatMap((json) => readVersion(json, speaker.name) ?? [])
        .sort((a, b) => a.number - b.number);
    },
    async create({ source, runId, description, tags }, made) {
      await ensure();
      const body = { name, source, run_id: runId, description, tags: writeTags(tags) };
    },
  };
}

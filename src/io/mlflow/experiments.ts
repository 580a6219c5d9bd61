import { text, type JsonValue } from "../../base/json/index.js";
import type { MlflowClient } from "./client.js";

/** Ids of experiments by their names. */
export interface Experiments {
  /** Undefined if there is none of that name. */
  find(name: string): Promise<string | undefined>;
  /** Creates it if there is none. */
  open(name: string): Promise<string>;
}

const idOf = (json: JsonValue): string => text()(json.get("experiment_id"));

export function mlflowExperiments(client: MlflowClient): Experiments {
  const known = new Map<string, Promise<string>>();

  async function find(name: string): Promise<string | undefined> {
    const found = await client.find({
      method: "GET",
      path: "mlflow/experiments/get-by-name",
      query: { experiment_name: name },
    });
    return found && idOf(found.get("experiment"));
  }

  async function make(name: string): Promise<string> {
    const call = { method: "POST", path: "mlflow/experiments/create", json: { name } } as const;
    return (await find(name)) ?? client.create(call, idOf, () => find(name));
  }

  return {
    find,
    async open(name) {
      const id = known.get(name) ?? make(name);
      known.set(name, id);
      try {
        return await id;
      } catch (error) {
        known.delete(name);
        throw error;
      }
    },
  };
}

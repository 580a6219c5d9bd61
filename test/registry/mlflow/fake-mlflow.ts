import { randomUUID } from "node:crypto";

/** What a handler is given: the members of the query and of the body. */
type Given = Readonly<Record<string, unknown>>;
type Tags = Map<string, string>;

interface FakeRun {
  readonly id: string;
  readonly tags: Tags;
  readonly params: Map<string, string>;
  readonly metrics: unknown[];
  status: string;
  stage: "active" | "deleted";
}

interface FakeVersion {
  readonly number: number;
  readonly source: string;
  readonly runId: string;
  readonly tags: Tags;
  description: string;
  stage: string;
}

interface FakeModel {
  readonly versions: Map<number, FakeVersion>;
  readonly aliases: Map<string, number>;
  readonly tags: Tags;
  last: number;
}

/** A tracking server in memory, as far as the registry uses one; it passes the same conformance suite as a real one. */
export interface FakeMlflow {
  readonly fetch: typeof fetch;
  readonly experiments: Map<string, string>;
  readonly runs: Map<string, FakeRun>;
  readonly models: Map<string, FakeModel>;
  readonly artifacts: Map<string, Uint8Array>;
}

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const missing = (what: string): Refused => new Refused(404, "RESOURCE_DOES_NOT_EXIST", `${what} not found`);
const text = (given: Given, name: string): string => {
  const value = given[name];
  if (typeof value !== "string") throw new Refused(400, "INVALID_PARAMETER_VALUE", `${name} must be a string`);
  return value;
};
const tagMap = (tags: unknown): Tags =>
  new Map(((tags ?? []) as { key: string; value: string }[]).map(({ key, value }) => [key, value]));
const tagList = (tags: Tags): { key: string; value: string }[] => [...tags].map(([key, value]) => ({ key, value }));

/** @param like the server whose state this one begins with. */
export function fakeMlflow({ pageSize = 1000, like }: { pageSize?: number; like?: FakeMlflow } = {}): FakeMlflow {
  const experiments = new Map(like?.experiments);
  const runs = new Map(structuredClone(like?.runs));
  const models = new Map(structuredClone(like?.models));
  const artifacts = new Map(like?.artifacts);
  const made = (map: ReadonlyMap<string, unknown>, name: string): void => {
    if (map.has(name)) throw new Refused(400, "RESOURCE_ALREADY_EXISTS", `${name} already exists`);
  };
  const runOf = (given: Given): FakeRun => runs.get(text(given, "run_id")) ?? raise(missing("Run"));
  const modelOf = (given: Given): FakeModel => models.get(text(given, "name")) ?? raise(missing("Registered Model"));
  const versionOf = (given: Given): FakeVersion =>
    modelOf(given).versions.get(Number(text(given, "version"))) ?? raise(missing("Model Version"));
  const showRun = ({ id, tags, params, stage, status }: FakeRun): object => ({
    info: { run_id: id, artifact_uri: `mlflow-artifacts:/1/${id}/artifacts`, lifecycle_stage: stage, status },
    data: { tags: tagList(tags), params: tagList(params) },
  });
  const showVersion = ({ number, source, runId, tags, description, stage }: FakeVersion): object => ({
    version: String(number),
    source,
    run_id: runId,
    description,
    current_stage: stage,
    ...(tags.size === 0 ? {} : { tags: tagList(tags) }),
  });

  const handlers: Readonly<Record<string, (given: Given) => object>> = {
    "GET experiments/get-by-name": (given) => ({
      experiment: { experiment_id: experiments.get(text(given, "experiment_name")) ?? raise(missing("Experiment")) },
    }),
    "POST experiments/create"(given) {
      made(experiments, text(given, "name"));
      experiments.set(text(given, "name"), String(experiments.size + 1));
      return { experiment_id: String(experiments.size) };
    },
    "POST runs/create"({ tags }) {
      const run: FakeRun = {
        id: randomUUID().replaceAll("-", ""),
        tags: tagMap(tags),
        params: new Map(),
        metrics: [],
        status: "RUNNING",
        stage: "active",
      };
      runs.set(run.id, run);
      return { run: showRun(run) };
    },
    "POST runs/search"(given) {
      const [, key = "", value = ""] = /^tags\.`(.+)` = '(.+)'$/.exec(text(given, "filter")) ?? [];
      return { runs: [...runs.values()].filter(({ tags }) => tags.get(key) === value).map(showRun) };
    },
    "GET runs/get": (given) => ({ run: showRun(runOf(given)) }),
    "POST runs/log-batch"(given) {
      const run = runOf(given);
      for (const [key, value] of tagMap(given["params"])) {
        if ((run.params.get(key) ?? value) !== value)
          throw new Refused(400, "INVALID_PARAMETER_VALUE", "Changing param values is not allowed.");
        run.params.set(key, value);
      }
      run.metrics.push(...((given["metrics"] ?? []) as unknown[]));
      return {};
    },
    "POST runs/update"(given) {
      runOf(given).status = text(given, "status");
      return {};
    },
    "POST runs/delete"(given) {
      runOf(given).stage = "deleted";
      return {};
    },
    "GET registered-models/get"(given) {
      const { aliases, tags } = modelOf(given);
      const shown = {
        aliases: [...aliases].map(([alias, version]) => ({ alias, version: String(version) })),
        tags: tagList(tags),
      };
      return { registered_model: { name: given["name"], ...(aliases.size === 0 ? {} : shown) } };
    },
    "POST registered-models/create"(given) {
      made(models, text(given, "name"));
      models.set(text(given, "name"), { versions: new Map(), aliases: new Map(), tags: new Map(), last: 0 });
      return { registered_model: { name: given["name"] } };
    },
    "POST registered-models/set-tag"(given) {
      modelOf(given).tags.set(text(given, "key"), text(given, "value"));
      return {};
    },
    "POST registered-models/alias"(given) {
      modelOf(given).aliases.set(text(given, "alias"), versionOf(given).number);
      return {};
    },
    "GET model-versions/search"(given) {
      const [, name = "", after = "0"] = /^name='(.+)' AND version_number > (\d+)$/.exec(text(given, "filter")) ?? [];
      const found = [...(models.get(name)?.versions.values() ?? [])].filter(({ number }) => number > Number(after));
      const page = found.slice(0, Math.min(pageSize, Number(given["max_results"])));
      return {
        ...(page.length === 0 ? {} : { model_versions: page.map(showVersion) }),
        ...(page.length < found.length ? { next_page_token: "more" } : {}),
      };
    },
    "POST model-versions/create"(given) {
      const model = modelOf(given);
      const version: FakeVersion = {
        number: ++model.last,
        source: text(given, "source"),
        runId: text(given, "run_id"),
        tags: tagMap(given["tags"]),
        description: text(given, "description"),
        stage: "None",
      };
      model.versions.set(version.number, version);
      return { model_version: showVersion(version) };
    },
    "POST model-versions/set-tag"(given) {
      versionOf(given).tags.set(text(given, "key"), text(given, "value"));
      return {};
    },
    "DELETE model-versions/delete-tag"(given) {
      versionOf(given).tags.delete(text(given, "key"));
      return {};
    },
    "PATCH model-versions/update"(given) {
      versionOf(given).description = text(given, "description");
      return {};
    },
    "POST model-versions/transition-stage"(given) {
      versionOf(given).stage = text(given, "stage");
      return {};
    },
    "DELETE model-versions/delete"(given) {
      const { number } = versionOf(given);
      const { versions, aliases } = modelOf(given);
      versions.delete(number);
      for (const [alias, version] of aliases) if (version === number) aliases.delete(alias);
      return {};
    },
  };

  async function artifact(method: string, path: string, init: RequestInit): Promise<Response> {
    if (method === "PUT") {
      artifacts.set(path, new Uint8Array(await new Response(init.body ?? null).arrayBuffer()));
      return new Response("");
    }
    if (method === "DELETE") {
      for (const key of artifacts.keys()) if (key.startsWith(`${path}/`)) artifacts.delete(key);
      return new Response("{}");
    }
    const bytes = artifacts.get(path);
    if (bytes === undefined) throw missing("Artifact");
    const from = Number(/^bytes=(\d+)-$/.exec(new Headers(init.headers).get("range") ?? "")?.[1] ?? 0);
    return new Response(bytes.slice(from), {
      status: from > 0 ? 206 : 200,
      headers: { "content-length": String(bytes.length - from) },
    });
  }

  return {
    experiments,
    runs,
    models,
    artifacts,
    async fetch(input, init = {}) {
      const url = new URL(input instanceof Request ? input.url : input);
      const method = init.method ?? "GET";
      const path = url.pathname.replace(/^\/api\/2\.0\//, "");
      try {
        if (path.startsWith("mlflow-artifacts/artifacts/")) return await artifact(method, path, init);
        const handler = handlers[`${method} ${path.replace(/^mlflow\//, "")}`];
        if (handler === undefined) return new Response("<h1>Not Found</h1>", { status: 404 });
        const body = typeof init.body === "string" ? (JSON.parse(init.body) as Given) : {};
        return Response.json(handler({ ...Object.fromEntries(url.searchParams), ...body }));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return Response.json({ error_code: error.code, message: error.message }, { status: error.status });
      }
    },
  };
}

function raise(error: Error): never {
  throw error;
}

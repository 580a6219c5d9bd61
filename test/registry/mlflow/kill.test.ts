import { beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../../src/io/store/memory-store.js";
import type { ObjectStore } from "../../../src/io/store/object-store.js";
import type { Artifact } from "../../../src/model/artifact.js";
import { mlflowRegistry } from "../../../src/registry/backends/mlflow/index.js";
import type { ModelRegistry } from "../../../src/registry/registry.js";
import { sampleArtifact } from "../../helpers/artifact.js";
import { fakeMlflow, type FakeMlflow } from "./fake-mlflow.js";
import { faulty, type Fault } from "./faults.js";

let models: Artifact[];
beforeAll(async () => {
  const base = await sampleArtifact({ networks: 0 });
  models = [0, 1, 2, 3].map((i) => ({ ...base, decision: { threshold: i / 10, rule: "given" } }));
});
const model = (i: number): Artifact => models[i] as Artifact;

interface Place {
  readonly server: FakeMlflow;
  readonly store: ObjectStore;
}

const open = (
  { server: { fetch }, store }: { server: Pick<FakeMlflow, "fetch">; store: ObjectStore },
  ledger: boolean,
  retries: number,
): ModelRegistry =>
  mlflowRegistry({
    name: "sample",
    trackingUri: "http://mlflow.test",
    fetch,
    retries,
    ...(ledger ? { ledger: store } : {}),
  });

/** Three versions; the champion was 1, is 2; the third has labels. */
async function prepared(ledger: boolean): Promise<Place> {
  const place = { server: fakeMlflow(), store: memoryStore() };
  const registry = open(place, ledger, 0);
  for (const i of [0, 1]) await registry.register(model(i));
  await registry.register(model(2), { tags: { team: "growth", ticket: "1" }, description: "third" });
  for (const number of [1, 2]) await registry.promote(number, "champion");
  return place;
}

async function copyOf({ server, store }: Place): Promise<Place> {
  const copy = memoryStore();
  for (const { key } of await store.list("")) await copy.put(key, (await store.get(key))?.bytes ?? new Uint8Array());
  return { server: fakeMlflow({ like: server }), store: copy };
}

/** Everything that a reader sees, and where aliases would be rolled back to. */
const seen = async (registry: ModelRegistry): Promise<object> => ({
  versions: (await registry.list()).map(({ number, status, stage, description, tags, aliases }) => ({
    number,
    status,
    stage,
    description,
    tags,
    aliases,
  })),
  aliases: (await registry.snapshot()).aliases,
});

const note = { by: "ada", reason: "because" };
const operations: Readonly<Record<string, (registry: ModelRegistry) => Promise<unknown>>> = {
  register: (registry) => registry.register(model(3), { tags: { team: "risk" }, ...note }),
  promote: (registry) => registry.promote(3, "champion", note),
  rollback: async (registry) => {
    // Whoever repeats a rollback looks first where it stands.
    if ((await registry.get("champion")).number === 2) await registry.rollback("champion", note);
  },
  approve: (registry) => registry.setStatus(3, "approved", note),
  stage: (registry) => registry.setStage(3, "Production", note),
  annotate: (registry) => registry.annotate(3, { description: "new", tags: { team: "risk", area: "eu" } }, note),
  remove: async (registry) => {
    if ((await registry.list()).some(({ number }) => number === 3)) await registry.remove(3, note);
  },
};

describe.each([false, true])("MLflow registry, with a ledger: %s", (ledger) => {
  let begun: Place;
  beforeAll(async () => {
    begun = await prepared(ledger);
  });

  describe.each(Object.entries(operations))("%s", (name, operate) => {
    async function outcomes(
      fault: Fault,
      check: (place: Place, at: number, expected: object) => Promise<void>,
    ): Promise<void> {
      const clean = await copyOf(begun);
      const counting = faulty(clean.server.fetch, clean.store, fault, Infinity);
      await operate(open({ server: counting, store: counting.store }, ledger, 0));
      const expected = await seen(open(clean, ledger, 0));
      const calls = counting.calls();
      expect(calls).toBeGreaterThan(4);
      await Promise.all(
        Array.from({ length: calls }, async (_, at) => {
          await check(await copyOf(begun), at, expected);
        }),
      );
    }

    it("leaves what is sound and can be repeated when it is killed at any call", () =>
      outcomes("killed", async (place, at, expected) => {
        const dying = faulty(place.server.fetch, place.store, "killed", at);
        await expect(
          operate(open({ server: dying, store: dying.store }, ledger, 0)),
          `call ${at}`,
        ).rejects.toMatchObject({ name: /ChurnkitError|TypeError/ });
        const registry = open(place, ledger, 0);
        const problems = (await registry.verify()).problems;
        if (!ledger) expect(problems).toEqual([]);
        else for (const { where, problem } of problems) expect(`${where} ${problem}`).toMatch(/history/);
        await operate(registry);
        expect(await seen(registry), `${name}, call ${at}`).toEqual(expected);
        // With a ledger the next change, if not the same, writes down what the history lacks.
        await registry.annotate(1, { description: "" });
        expect((await registry.verify({ bundles: false })).problems, `${name}, call ${at}`).toEqual([]);
      }));

    it.each(["reset", "lost"] as const)("happens once when the answer of any call is %s", (fault) =>
      outcomes(fault, async (place, at, expected) => {
        const shaky = faulty(place.server.fetch, place.store, fault, at);
        await operate(open({ server: shaky, store: shaky.store }, ledger, 3));
        const registry = open(place, ledger, 0);
        expect(await seen(registry), `${name}, call ${at}`).toEqual(expected);
        expect((await registry.verify({ bundles: false })).problems).toEqual([]);
        expect(place.server.models.get("sample")?.last, `${name}, call ${at}: versions made`).toBe(
          name === "register" ? 4 : 3,
        );
      }),
    );
  });
});

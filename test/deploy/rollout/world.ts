import type {
  Readings,
  RolloutOptions,
  RolloutPlan,
  Shares,
  Traffic,
  VersionReadings,
} from "../../../src/deploy/index.js";
import type { RolloutState } from "../../../src/deploy/rollout/state.js";
import { runRollout } from "../../../src/deploy/rollout/run.js";
import type { ObjectStore } from "../../../src/io/store/object-store.js";
import { memoryStore } from "../../../src/io/store/memory-store.js";
import { virtualClock, type VirtualClock } from "../../../src/rehearsal/clock.js";

export const minute = 60_000;

/** An endpoint with two versions and what is around it. It survives the runners. */
export interface World {
  readonly clock: VirtualClock;
  readonly store: ObjectStore;
  shares: Record<string, number>;
  mirrored: boolean;
  readonly up: Set<string>;
  readonly quarantined: string[];
  /** What broke a rule that always holds. */
  readonly broken: string[];
  /** Every share that the candidate had. */
  readonly history: number[];
  /** Readings of a version, by the candidate's share. */
  readings: (version: string, share: number) => VersionReadings | undefined;
  answer: (phase: string) => "approved" | "rejected" | undefined;
}

/** Scores that fall evenly into ten bins. */
const even = Array.from({ length: 10 }, () => 1000);
/** Readings that pass every guard of {@link guards}. */
export const fine: VersionReadings = {
  requests: 10_000,
  errors: 10,
  latency: { average: 20, p99: 60 },
  scores: even,
  labeled: { count: 600, successes: 90, profit: 12, metrics: { f1: 0.8 } },
};

export const guards = [
  { kind: "errorRate", above: 0.01 },
  { kind: "latency", statistic: "average", above: 100 },
  { kind: "latency", statistic: "p99", ratioAbove: 2 },
  { kind: "scoreDrift", above: 0.25 },
  { kind: "profit", below: 10, labels: 500 },
  { kind: "metric", metric: "f1", below: 0.7, labels: 500 },
] as const;

/** Readings that fail one guard of {@link guards} each, by what the reason says. */
export const failing: readonly (readonly [string, VersionReadings])[] = [
  ["error rate", { ...fine, errors: 200 }],
  ["average latency", { ...fine, latency: { average: 320, p99: 60 } }],
  ["p99 latency", { ...fine, latency: { average: 20, p99: 360 } }],
  ["score drift", { ...fine, scores: [5000, 5000, 0, 0, 0, 0, 0, 0, 0, 0] }],
  ["profit", { ...fine, labeled: { count: 600, profit: 3, metrics: { f1: 0.8 } } }],
  ["f1", { ...fine, labeled: { count: 600, profit: 12, metrics: { f1: 0.5 } } }],
];

export const canary: RolloutPlan = {
  strategy: { kind: "canary", steps: [0.1, 0.5, 1], bake: 3 * minute },
  guards,
  longestStep: 10 * minute,
};

export function newWorld(changes: Partial<World> = {}): World {
  return {
    clock: virtualClock(Date.UTC(2026, 0, 1), { stuckAfter: 2000 }),
    store: memoryStore(),
    shares: { "1": 1 },
    mirrored: false,
    up: new Set(["1", "2"]),
    quarantined: [],
    broken: [],
    history: [],
    readings: () => fine,
    answer: () => undefined,
    ...changes,
  };
}

/** Sets the shares, and notes what may never be. */
function change(world: World, shares: Record<string, number>): void {
  const sum = Object.values(shares).reduce((total, share) => total + share, 0);
  if (Math.abs(sum - 1) > 1e-9) world.broken.push(`the shares ${JSON.stringify(shares)} do not sum to 1`);
  for (const [version, share] of Object.entries(shares))
    if (share > 0 && !world.up.has(version)) world.broken.push(`${version} gets ${share} and is not up`);
  world.shares = shares;
  world.history.push(shares["2"] ?? 0);
}

export function trafficOf(world: World): Traffic {
  return {
    read: () => Promise.resolve(world.shares as Shares),
    async set(candidate) {
      await Promise.resolve();
      if (!(candidate >= 0 && candidate <= 1)) throw new Error(`no share: ${candidate}`);
      if (candidate > 0 && !world.up.has("2")) throw new Error("version 2 is not up");
      change(world, { "1": 1 - candidate, "2": candidate });
    },
    async mirror() {
      await Promise.resolve();
      world.mirrored = true;
    },
    async end(winner) {
      await Promise.resolve();
      const version = winner === "candidate" ? "2" : "1";
      if (!world.up.has(version)) throw new Error(`version ${version} is not up`);
      world.mirrored = false;
      change(world, { [version]: 1 });
    },
  };
}

const readingsOf = (world: World): Readings => ({
  read: () =>
    Promise.resolve(
      Object.fromEntries(
        ["1", "2"].flatMap((version) => {
          const share = world.shares["2"] ?? 0;
          const given = version === "1" && share === 1 ? undefined : world.readings(version, share);
          return given === undefined ? [] : [[version, given]];
        }),
      ),
    ),
});

/** What may happen to calls of the ports, by their number from 0. */
export interface Interference {
  /** The call throws, before its effect or after it. */
  readonly fault?: (call: number, name: string) => "before" | "after" | undefined;
  /** The runner is killed at this call, before its effect or after it. */
  readonly kill?: { readonly call: number; readonly when: "before" | "after" } | undefined;
}

/** How a run went; undefined where the runner was killed. */
export interface Ran {
  readonly state: RolloutState | undefined;
  readonly error: unknown;
  readonly calls: readonly string[];
  readonly states: readonly RolloutState[];
}

/** Runs a rollout of version 2 in a world, with something that goes wrong. */
export async function rollOut(
  world: World,
  plan: RolloutPlan,
  { fault, kill }: Interference = {},
  more: Partial<RolloutOptions> = {},
): Promise<Ran> {
  const calls: string[] = [];
  const states: RolloutState[] = [];
  let die: () => void = () => undefined;
  const death = new Promise<undefined>((resolve) => (die = () => resolve(undefined)));
  let dead = false;
  const never = new Promise<never>(() => undefined);
  const meddled =
    <A extends unknown[], R>(name: string, call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (dead) return never;
      const number = calls.push(name) - 1;
      const wrong = kill?.call === number ? kill.when : fault?.(number, name);
      const happen = (): Promise<never> => {
        if (kill?.call !== number) throw new Error(`fault at call ${number} (${name}, ${wrong})`);
        dead = true;
        die();
        return never;
      };
      if (wrong === "before") return happen();
      const result = await call(...args);
      return wrong === "after" ? happen() : result;
    };
  const { clock, store } = world;
  const traffic = trafficOf(world);
  const readings = readingsOf(world);
  const run = runRollout({
    plan,
    candidate: "2",
    stable: "1",
    traffic: {
      read: meddled("traffic.read", () => traffic.read()),
      set: meddled("traffic.set", (share: number) => traffic.set(share)),
      mirror: meddled("traffic.mirror", async () => traffic.mirror?.()),
      end: meddled("traffic.end", (winner: "candidate" | "stable") => traffic.end(winner)),
    },
    readings: { read: meddled("readings.read", () => readings.read(0, clock.now())) },
    store: {
      ...store,
      get: meddled("store.get", (key: string) => store.get(key)),
      put: meddled("store.put", (...put: Parameters<ObjectStore["put"]>) => store.put(...put)),
    },
    key: "rollout",
    owner: "test",
    every: minute,
    clock: { now: () => clock.now(), sleep: (ms, signal) => (dead ? never : clock.sleep(ms, signal)) },
    approvals: meddled("approvals", ({ state }: { readonly state: RolloutState }) =>
      Promise.resolve(world.answer(state.phase)),
    ),
    quarantine: meddled("quarantine", (version: string) => Promise.resolve(world.quarantined.push(version))),
    onChange: (state) => states.push(state),
    ...more,
  });
  return clock.until(
    Promise.race([run, death]).then(
      (state) => ({ state, error: undefined, calls, states }),
      (error: unknown) => ({ state: undefined, error, calls, states }),
    ),
  );
}

/** Runs it, and again until it ends. */
export async function toTheEnd(
  world: World,
  plan: RolloutPlan,
  interference: Interference = {},
): Promise<RolloutState> {
  const first = await rollOut(world, plan, interference);
  const last = first.state ?? (await rollOut(world, plan)).state;
  if (last === undefined) throw new Error("the second run did not end");
  return last;
}

import { type Clock, quietly, systemClock, unlessPaused } from "../../base/async/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { canonicalJson, documentError, JsonValue } from "../../base/json/index.js";
import type { ObjectStore } from "../../io/store/index.js";
import { attempts } from "./attempts.js";
import { isOver, isSentBack } from "./failed-change.js";
import { checkPlan, type CheckedPlan } from "./check-plan.js";
import {
  beginRollout,
  commandOf,
  nextRollout,
  questionOf,
  sameShares,
  sharesAt,
  sharesText,
  type RolloutCommand,
  type RolloutEvent,
} from "./machine.js";
import type { RolloutPlan } from "./plan.js";
import type { Readings, Shares, Traffic, VersionReadings } from "./ports.js";
import { findRecord, type HeldRecord } from "./record.js";
import { readingsByVersion, type RolloutState } from "./state.js";

/** What somebody is asked. */
export interface RolloutQuestion {
  /** In words. */
  readonly question: string;
  /** Where the rollout stands: `approval` before a step, `stopped` after somebody else changed the shares. */
  readonly state: RolloutState;
}

/** Options of {@link runRollout}. */
export interface RolloutOptions {
  readonly plan: RolloutPlan;
  readonly candidate: string;
  /** The version that has all traffic now. */
  readonly stable: string;
  readonly traffic: Traffic;
  readonly readings: Readings;
  /** Holds the rollout's record, one object, so that a killed run can continue. It needs conditional writes. */
  readonly store: ObjectStore;
  /** Key of the record, one for each endpoint. */
  readonly key: string;
  /**
   * Name of this runner. A run continues one of the same owner at once, and one of another owner when that shows no sign of
   * life. Default: a random one.
   */
  readonly owner?: string | undefined;
  /** Milliseconds without a sign of life after which another owner may continue. Default 60,000, or three times `every` if that is more. */
  readonly lease?: number | undefined;
  /** Milliseconds from one look at traffic and readings to the next. Default 10,000. */
  readonly every?: number | undefined;
  /** Asked again at each look until it answers; undefined is no answer yet. */
  readonly approvals?: ((question: RolloutQuestion) => Promise<"approved" | "rejected" | undefined>) | undefined;
  /** Takes a candidate that failed a guard out of service for good. It may be called twice. */
  readonly quarantine?: ((version: string, reason: string) => Promise<unknown>) | undefined;
  /** Told of each new state. */
  readonly onChange?: ((state: RolloutState) => void) | undefined;
  /** Ends the rollout with the stable version. */
  readonly signal?: AbortSignal | undefined;
  /** Tries a candidate again that a former rollout sent back. */
  readonly again?: boolean | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Brings a version on duty in steps. Each step ends when its bake time is over and all guards have judged enough readings and pass;
 * a failing guard returns all traffic to the stable version. A run that was killed continues where it was when it is started again
 * with the same options.
 *
 * @returns the state that it ended in; or `stopped`, if somebody else changed the shares and there is nobody to ask.
 * @throws ChurnkitError STORE_CONFLICT while another runner is at work on the record; DEPLOY_FAILED when the traffic cannot be
 * given to one version, after which the same call continues; OPTION_INVALID for a plan that does not fit.
 * @example
 * ```ts
 * import { runRollout, type Readings, type Traffic } from "churnkit/deploy";
 * import { memoryStore } from "churnkit/io";
 *
 * let share = 0; // of version 2; a driver changes an endpoint instead
 * const traffic: Traffic = {
 *   read: () => Promise.resolve({ "1": 1 - share, "2": share }),
 *   set: async (candidate) => void (share = candidate),
 *   end: async (winner) => void (share = winner === "candidate" ? 1 : 0),
 * };
 * const readings: Readings = { read: async () => ({ "2": { requests: 5000, errors: 250 } }) };
 *
 * const { end, reason } = await runRollout({
 *   plan: {
 *     strategy: { kind: "canary", steps: [0.1, 0.5, 1], bake: 60_000 },
 *     guards: [{ kind: "errorRate", above: 0.01 }],
 *   },
 *   candidate: "2",
 *   stable: "1",
 *   traffic,
 *   readings,
 *   store: memoryStore(), // filesStore or s3Store, to continue after a crash
 *   key: "rollout.json",
 * });
 * console.assert(end?.winner === "stable" && reason.includes("error rate (5 % of 5000 requests failed, limit 1 %)"));
 * ```
 */
export async function runRollout(options: RolloutOptions): Promise<RolloutState> {
  const { store, key, every = 10_000, lease = Math.max(60_000, 3 * every) } = options;
  const { owner = crypto.randomUUID(), clock = systemClock } = options;
  const plan = checkPlan(options.plan);
  checkOptions(plan, options);
  const planText = canonicalJson(options.plan);
  const found = await findRecord({ store, key, owner, lease, clock });
  const shares = await attempts(clock, () => options.traffic.read());
  let state = found.state;
  if (state === undefined || (state.phase === "ended" && !isDone(state, shares, options)))
    state = await first(plan, options, shares, clock);
  else if (state.phase === "ended") return state;
  else checkSame(state, found.plan === planText, options);
  const record = await found.hold(state, planText);
  try {
    return await new Runner(plan, { ...options, every, clock }, record, state).run();
  } finally {
    // If this fails, the lease ends by itself.
    await record.release().catch(() => undefined);
  }
}

type Settings = RolloutOptions & { readonly clock: Clock; readonly every: number };

/** Carries out what the machine asks for, and saves each state before it does. */
class Runner {
  constructor(
    private readonly plan: CheckedPlan,
    private readonly settings: Settings,
    private readonly record: HeldRecord,
    private state: RolloutState,
  ) {}

  async run(): Promise<RolloutState> {
    const { traffic, clock, signal, approvals } = this.settings;
    for (;;) {
      if (signal?.aborted === true) await this.tell({ kind: "abort", reason: "the rollout was called off" });
      const shares = await attempts(clock, () => traffic.read()).catch(nothingUnlessPaused);
      if (shares !== undefined) await this.tell({ kind: "found", shares });
      const command = commandOf(this.plan, this.state);
      if (command.kind === "none") return this.state;
      if (command.kind === "watch") {
        if (this.state.phase === "stopped" && approvals === undefined) return this.state;
        await this.watch(command.ask);
      } else if (command.kind === "end") await this.end(command);
      else if (shares === undefined)
        await this.tell({ kind: "failed", reason: "they cannot be read", sentBack: false });
      else await this.move(command);
    }
  }

  /** Saves the next state before anything follows from it. */
  private async tell(event: RolloutEvent): Promise<void> {
    const before = this.state;
    const next = nextRollout(this.plan, before, event, this.settings.clock.now());
    if (next === before) return;
    await this.record.save(next);
    this.state = next;
    quietly(() => this.settings.onChange?.(next));
  }

  private async move(command: Extract<RolloutCommand, { kind: "set" | "mirror" }>): Promise<void> {
    const { traffic, clock } = this.settings;
    const call = (): Promise<unknown> =>
      command.kind === "set" ? traffic.set(command.share) : Promise.resolve(traffic.mirror?.());
    const failure = await this.record
      .during(() => attempts(clock, call, isOver))
      .then(
        () => undefined,
        (error: unknown) => ({ reason: reasonOf(unlessPaused(error)), sentBack: isSentBack(error) }),
      );
    await this.tell(failure === undefined ? { kind: "moved" } : { kind: "failed", ...failure });
  }

  /** One look, and the wait until the next. */
  private async watch(ask: boolean): Promise<void> {
    const { readings, approvals, clock, every, signal } = this.settings;
    const before = this.state;
    const { since, phase, step } = before;
    const read = await this.record
      .during(() => readFrom(readings, since, clock.now()))
      .then(
        (given) => ({ kind: "readings" as const, readings: given }),
        (error: unknown) => ({ kind: "readings" as const, readings: {}, problem: reasonOf(error) }),
      );
    await this.tell(read);
    if (ask && this.state.phase === phase) {
      const question: RolloutQuestion = { question: questionOf(this.plan, this.state), state: this.state };
      const answer = await approvals?.(question).catch(() => undefined);
      if (answer !== undefined) await this.tell({ kind: answer });
    }
    if (this.state.phase === phase && this.state.step === step)
      await clock.sleep(every, signal).catch(nothingUnlessPaused);
  }

  private async end({ winner, quarantine }: Extract<RolloutCommand, { kind: "end" }>): Promise<void> {
    const { traffic, clock } = this.settings;
    const { candidate, reason } = this.state;
    const all = sharesAt(this.state, winner === "candidate" ? 1 : 0);
    const give = async (): Promise<void> => {
      await traffic.end(winner);
      const shares = await traffic.read();
      if (!sameShares(shares, all)) throw new Error(`the shares are ${sharesText(shares)}`);
    };
    await this.record.during(async () => {
      try {
        await attempts(clock, give);
        if (quarantine) await attempts(clock, async () => this.settings.quarantine?.(candidate, reason));
      } catch (cause) {
        unlessPaused(cause);
        throw new ChurnkitError(
          "DEPLOY_FAILED",
          `The rollout of ${candidate} ends with the ${winner} version (${reason}), but that could not be completed: ${reasonOf(cause)}. Start it again with the same options.`,
          { cause },
        );
      }
    });
    await this.tell({ kind: "finished" });
  }
}

const badReadings = documentError("VALUE_INVALID", "", "Correct the port that reads them.");

const readFrom = async (port: Readings, since: number, until: number): ReturnType<Readings["read"]> =>
  readingsByVersion(JsonValue.of(await port.read(since, until), "The readings", badReadings, "readings"));

const nothingUnlessPaused = (error: unknown): undefined => void unlessPaused(error);

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The first state of a new rollout. */
async function first(plan: CheckedPlan, options: RolloutOptions, shares: Shares, clock: Clock): Promise<RolloutState> {
  const { candidate, stable, readings } = options;
  if (!sameShares(shares, { [stable]: 1 }))
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The rollout of ${candidate} begins with all traffic at ${stable}, but the shares are ${sharesText(shares)}. Somebody set them by hand: give ${stable} everything first.`,
      { where: { value: shares } },
    );
  const now = clock.now();
  const window = Math.max(...plan.steps.map(({ bake }) => bake), 60_000);
  const reference: VersionReadings | undefined = await attempts(clock, () =>
    readFrom(readings, now - window, now),
  ).then((given) => given[stable], nothingUnlessPaused);
  return beginRollout(plan, { candidate, stable, reference }, now);
}

/** Whether an ended rollout is the one that is asked for, and still true. One that AWS ended, not the candidate, is tried again. */
const isDone = ({ candidate, stable, end }: RolloutState, shares: Shares, options: RolloutOptions): boolean =>
  end?.because !== "traffic" &&
  candidate === options.candidate &&
  stable === options.stable &&
  options.again !== true &&
  sameShares(shares, { [end?.winner === "candidate" ? candidate : stable]: 1 });

function checkSame({ candidate, stable, phase }: RolloutState, samePlan: boolean, options: RolloutOptions): void {
  if (candidate === options.candidate && stable === options.stable && samePlan) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The rollout of ${candidate} after ${stable} is not over (${phase}; ${options.key} in ${options.store.name}). Continue it with its own plan, or call it off by a signal that is aborted, before another begins.`,
    { where: { file: options.key } },
  );
}

function checkOptions(
  plan: CheckedPlan,
  { candidate, stable, traffic, approvals, lease, every }: RolloutOptions,
): void {
  const refuse = (what: string): never => {
    throw new ChurnkitError("OPTION_INVALID", what);
  };
  if (candidate === stable) refuse(`Version ${stable} is both the candidate and the stable version. Name two.`);
  if (plan.approval.length > 0 && approvals === undefined)
    refuse("The plan waits for an approval, but nobody can be asked. Give `approvals`.");
  if (plan.steps.some(({ mirrored }) => mirrored) && traffic.mirror === undefined)
    refuse("This traffic cannot copy requests, which a shadow needs. Use another driver or strategy.");
  for (const [name, value] of Object.entries({ lease, every }))
    if (value !== undefined && !(Number.isFinite(value) && value > 0))
      refuse(`${name} is ${value}. Give milliseconds above 0.`);
}

import { exp } from "../../../base/elementary.js";

/** Where a model runs. */
export interface ServedVariant {
  readonly endpoint: string;
  readonly variant: string;
  readonly model: string;
}

/** How a model behaves otherwise than it does. */
export interface Misbehavior {
  /** Share of its answers that are errors of the server, 0 to 1: evenly spread, so that 0.02 is every 50th. */
  readonly errors?: number;
  /** Milliseconds of latency on top, as its metrics have them. Callers don't wait. */
  readonly slower?: number;
  /** How far its scores are off: is added to the log odds of each `probability` in its JSON answers. */
  readonly shift?: number;
  /**
   * Whether its containers don't come into service: they answer no ping until SageMaker gives up on them. With `"forever"` SageMaker does
   * not, and every change of the endpoint stays under way for as long as this is asked for.
   */
  readonly stuck?: boolean | "forever";
  /** Where an update to it ends that fails, in place of the version before: a rollback fails, too. */
  readonly strands?: "OutOfService" | "UpdateRollbackFailed";
  /** Milliseconds of latency, or what its container really takes, which depends on this machine. Default 20. */
  readonly latency?: number | "measured";
}

/** What a rehearsal makes of a model's behavior. */
export type Misbehave = (at: ServedVariant) => Misbehavior | undefined;

/** One request's part in a misbehavior. */
export interface Mishap {
  readonly fails: boolean;
  /** Its answer, of what its container said. */
  readonly said: (body: Uint8Array) => Uint8Array;
  /** Latency in the container and around it, of what was measured. */
  readonly times: (took: number, around: number) => { readonly latency: number; readonly overhead: number };
}

/** Milliseconds in the container and around it, so that the same requests always have the same metrics. */
const [usualLatency, usualOverhead] = [20, 5];

/** Spreads errors evenly over the requests of each variant and model. */
export function mishaps(misbehave: Misbehave): (at: ServedVariant) => Mishap {
  const owed = new Map<string, number>();
  return (at) => {
    const { errors = 0, slower = 0, shift = 0, latency = usualLatency } = misbehave(at) ?? {};
    const key = JSON.stringify(at);
    const sum = (owed.get(key) ?? 0) + errors;
    // Sums of shares are a little off: 50 times 0.02 must be one.
    const fails = sum >= 1 - 1e-9;
    owed.set(key, fails ? sum - 1 : sum);
    return {
      fails,
      said: (body) => (shift === 0 ? body : shifted(body, shift)),
      times: (took, around) =>
        latency === "measured"
          ? { latency: took + slower, overhead: around }
          : { latency: latency + slower, overhead: usualOverhead },
    };
  };
}

const [reader, writer] = [new TextDecoder(), new TextEncoder()];

function shifted(body: Uint8Array, by: number): Uint8Array {
  const factor = exp(by);
  const moved = (p: number): number => (p * factor) / (1 - p + p * factor);
  const said = reader.decode(body);
  return writer.encode(
    said.replace(/("probability":\s*)([\d.eE+-]+)/g, (_, name: string, p: string) => `${name}${moved(Number(p))}`),
  );
}

import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../../data/contract/index.js";
import type { ObjectStore } from "../../io/store/index.js";
import { editOf, type Edit, type FoundKind } from "./edit.js";
import { filePlace } from "./file-place.js";
import { givenMatcher, relatedMatcher, type Matcher } from "./matcher.js";
import { ownerReader } from "./owners.js";
import { storePlace, type ErasablePlace } from "./places.js";

/** What is erased, and where. */
export interface ErasureOptions {
  /** Ids of customers, or of predictions. Several ids of one contract are joined by a slash. */
  readonly ids: readonly (string | number | bigint)[];
  /** Files, and folders with everything below them whose name ends in .jsonl, .json, .ndjson or .csv, also with a number or .gz, and the prediction log. */
  readonly files?: readonly string[] | undefined;
  /** Objects of stores: those below the prefixes, by the same names. */
  readonly stores?: readonly { readonly store: ObjectStore; readonly prefix: string | readonly string[] }[] | undefined;
  /** Names the columns of ids, and how to read the requests in SageMaker's captures. */
  readonly contract?: Contract | undefined;
  /** Only find and count. */
  readonly dryRun?: boolean | undefined;
}

/** What an erasure found. Plain JSON. */
export interface ErasureReport {
  readonly dryRun: boolean;
  /** Objects that were read. */
  readonly objects: number;
  /** Objects that held something of the customers: how much of which kind, erased unless it was a dry run. */
  readonly found: readonly {
    readonly object: string;
    readonly counts: Readonly<Partial<Record<FoundKind, number>>>;
    /** Other customers' records in the same captured requests, which go with them. */
    readonly others: number;
  }[];
  /** Objects that may still hold something, and why. */
  readonly left: readonly { readonly object: string; readonly why: string }[];
}

/** Rounds until nothing more is found: a server may write while an erasure runs. */
const mostRounds = 5;

/**
 * Erases customers from what a service has written about them: captured predictions (ours and SageMaker's), labels, exposures and the
 * saved samples of monitors, and what is known by their predictions' ids alone. It reads everything again until it finds nothing.
 * A kill at any moment leaves files that can be read; a second run finishes.
 *
 * @throws ChurnkitError OPTION_INVALID for no id, an empty one, or a number that JavaScript rounds; INPUT_NOT_FOUND for a file that
 * does not exist; STORE_FAILED for a store that cannot be listed. What fails for one object is in the report.
 *
 * @example
 * ```ts
 * import { memoryStore } from "churnkit/io";
 * import { captureToStore, eraseCustomers } from "churnkit/monitor";
 *
 * const store = memoryStore();
 * const writer = captureToStore(store, { prefix: "captured/churn", writer: "web-1" });
 * await writer.write([{ id: "C-17", at: "2026-02-01T13:05:00.000Z", record: { age: 30 }, probability: 0.4, label: "No", version: "1" }]);
 * await writer.close();
 *
 * const { found, left } = await eraseCustomers({ ids: ["C-17"], stores: [{ store, prefix: "captured/churn/" }] });
 * console.assert(found[0]?.counts.predictions === 1 && left.length === 0);
 * ```
 */
export async function eraseCustomers(options: ErasureOptions): Promise<ErasureReport> {
  const { files = [], stores = [], contract, dryRun = false } = options;
  const ids = [...new Set(options.ids.map(idOf))];
  if (ids.length === 0)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "There is no id to erase. Give at least one (`ids`, --customer or --ids).",
    );
  const places = [...files.map(filePlace), ...stores.map(({ store, prefix }) => storePlace(store, prefix))];
  const ownersIn = ownerReader(contract);
  const customerColumns = (contract?.columns ?? []).filter(({ role }) => role === "id").map(({ name }) => name);
  const given = givenMatcher(ids);
  const predictions = new Set<string>();
  const tally = newTally();

  /** Visits everything, with what fails in the report. */
  const visitAll = async (
    matcher: Matcher,
    write: boolean,
    note: (object: string, edit: Edit) => void,
  ): Promise<ReadonlySet<string>> => {
    const failed = new Set<string>();
    const edit = (bytes: Uint8Array): Edit => editOf(bytes, { matcher, ownersIn, customerColumns });
    const fail = (object: string, error: unknown): void => {
      failed.add(object);
      tally.fail(object, error);
    };
    for (const place of places) await visitPlace(place, edit, write, note, fail);
    return failed;
  };

  for (let round = 1; ; round++) {
    tally.begin();
    let direct = 0;
    const unreadable = await visitAll(given, false, (object, edit) => {
      direct += sizeOf(edit);
      edit.predictions.forEach((id) => predictions.add(id));
      tally.read(object);
      for (const why of edit.left) tally.leave(object, why);
      if (dryRun) tally.find(object, edit);
    });
    // First what is known by a prediction's id alone: the lines that say whose prediction that is must be the last to go.
    let related = 0;
    const unchanged =
      predictions.size === 0
        ? []
        : await visitAll(relatedMatcher(predictions, given), !dryRun, (object, edit) => {
            related += sizeOf(edit);
            tally.find(object, edit);
          });
    if (dryRun || direct + related === 0) break;
    if ([...unchanged].some((object) => !unreadable.has(object))) {
      if (direct > 0) tally.leave("all other objects", "kept, because they say which predictions the customers had");
      break;
    }
    if (direct > 0) await visitAll(given, true, tally.find);
    if (round === mostRounds) {
      tally.leave("what is being written", "new lines of the customers kept coming; erase again when nobody writes");
      break;
    }
  }
  return { dryRun, ...tally.report() };
}

async function visitPlace(
  place: ErasablePlace,
  edit: (bytes: Uint8Array) => Edit,
  write: boolean,
  note: (object: string, edit: Edit) => void,
  fail: (object: string, error: unknown) => void,
): Promise<void> {
  const visited = new Set<string>();
  const others = async (): Promise<readonly string[]> => (await place.list()).filter((object) => !visited.has(object));
  // Until there is no other name: what a server moves aside meanwhile has a new one.
  for (let objects = await others(); objects.length > 0; objects = await others())
    for (const object of objects) {
      visited.add(object);
      try {
        const made = await place.visit(object, edit, write);
        if (made !== undefined) note(object, made);
      } catch (error) {
        fail(object, error);
      }
    }
}

const sizeOf = ({ found }: Edit): number => [...found.values()].reduce((sum, each) => sum + each, 0);

/** Adds up what all visits find. What is left is that of the last round. */
function newTally() {
  const objects = new Set<string>();
  const found = new Map<string, { readonly counts: Partial<Record<FoundKind, number>>; others: number }>();
  const left = new Map<string, Set<string>>();
  const leave = (object: string, why: string): void => void left.set(object, (left.get(object) ?? new Set()).add(why));
  return {
    begin: () => left.clear(),
    read: (object: string) => void objects.add(object),
    leave,
    fail: (object: string, error: unknown): void => {
      objects.add(object);
      leave(object, error instanceof Error ? error.message : String(error));
    },
    find: (object: string, edit: Edit): void => {
      if (sizeOf(edit) === 0) return;
      const entry = found.get(object) ?? { counts: {}, others: 0 };
      for (const [kind, count] of edit.found) entry.counts[kind] = (entry.counts[kind] ?? 0) + count;
      entry.others += edit.others;
      found.set(object, entry);
    },
    report: (): Omit<ErasureReport, "dryRun"> => ({
      objects: objects.size,
      found: [...found].map(([object, { counts, others }]) => ({ object, counts, others })),
      left: [...left].flatMap(([object, reasons]) => [...reasons].map((why) => ({ object, why }))),
    }),
  };
}

function idOf(id: string | number | bigint): string {
  if (typeof id === "number" && !Number.isSafeInteger(id))
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The id ${id} is no whole number that JavaScript holds exactly. Give it as text.`,
    );
  const text = String(id).trim();
  if (text === "" || text.length > 512)
    throw new ChurnkitError("OPTION_INVALID", "An id is a text of 1 to 512 characters that are not all blanks.");
  return text;
}

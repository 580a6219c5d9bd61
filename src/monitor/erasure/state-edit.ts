import { membersOf } from "../capture/capture.js";
import type { Tally } from "../counting/tally.js";
import { parseMonitorState, type MonitorState } from "../judging/state.js";

/** Whether this is the saved state of a monitor, by its members. */
export function looksLikeState(value: unknown): boolean {
  const { format, settings, periods, predictions, labels } = membersOf(value);
  return format !== undefined && settings !== undefined && [periods, predictions, labels].every(Array.isArray);
}

/**
 * Takes the customers' entries out of a monitor's state: the samples of predictions, labels and attributions. Counts stay, since they
 * hold no customer.
 *
 * @throws ChurnkitError STATE_CORRUPT.
 */
export function stateWithout(
  value: unknown,
  isTheirs: (id: string) => boolean,
): { readonly state: MonitorState; readonly removed: number } {
  const state = parseMonitorState(value);
  let removed = 0;
  const without = <T extends { readonly id: string }>(entries: readonly T[], idOf = ({ id }: T) => id): T[] => {
    const kept = entries.filter((entry) => !isTheirs(idOf(entry)));
    removed += entries.length - kept.length;
    return kept;
  };
  const tally = (counts: Tally): Tally => ({
    ...counts,
    // Their id is a hash of the row, its time and the customer's id.
    attributed: without(counts.attributed, ({ id }) => id.split(" ").slice(2).join(" ")),
  });
  const maybe = (counts: Tally | null): Tally | null => counts && tally(counts);
  const { history } = state;
  return {
    state: {
      ...state,
      periods: state.periods.map(({ start, tally: counts }) => ({ start, tally: tally(counts) })),
      predictions: without(state.predictions),
      labels: without(state.labels),
      history: history && {
        ...history,
        windows: {
          ...history.windows,
          windows: history.windows.windows.map((window) => ({
            ...window,
            open: maybe(window.open),
            closed: window.closed.map(maybe),
          })),
        },
      },
    },
    get removed() {
      return removed;
    },
  };
}

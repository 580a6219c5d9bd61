import type { ServeRequest, ServeResponse } from "../http.js";
import type { Work } from "./lanes.js";

type Chunks = NonNullable<ServeRequest["chunks"]>;
type Body = Exclude<ServeResponse["body"], string | Uint8Array>;

/**
 * Counts the work on a body that is read and answered as it comes: it is at work from a chunk's arrival until its answer is there,
 * not while it waits for the caller to send or to read.
 */
export function streamedWork(work: Work): {
  readonly chunks: (given: Chunks) => Chunks;
  /** @param over called once, when the answer is complete or given up. */
  readonly answer: (body: Body, over: () => void) => Body;
} {
  /** Whether a chunk has arrived that may still have lines to answer. */
  let open = false;
  return {
    chunks: (given) =>
      async function* () {
        for await (const chunk of given()) {
          open = true;
          work.begin();
          yield chunk;
          open = false;
          work.end();
        }
      },
    answer: (body, over) => ({
      [Symbol.asyncIterator]() {
        const pieces = body[Symbol.asyncIterator]();
        let isOver = false;
        const end = (): void => {
          work.end();
          if (!isOver) over();
          isOver = true;
        };
        return {
          async next() {
            if (open) work.begin();
            try {
              const piece = await pieces.next();
              if (piece.done === true) end();
              else work.end();
              return piece;
            } catch (error) {
              end();
              throw error;
            }
          },
          async return() {
            end();
            await pieces.return?.();
            return { done: true, value: undefined };
          },
        };
      },
    }),
  };
}

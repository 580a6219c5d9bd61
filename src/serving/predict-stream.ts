import { arrivingLines, linesType, type Naming } from "./bodies/index.js";
import { callerFailure, commonHeaders, type ServeRequest, type ServeResponse } from "./http.js";
import { entryOf, type More, type Scoring } from "./predict.js";
import { idsIn, predictionHeader, predictionIdOf } from "./prediction-id.js";

/** Options of a stream of answers. */
export interface Streaming {
  readonly scoring: Scoring;
  readonly naming: Naming;
  readonly more: More | undefined;
  /** Runs one slice of the work when its turn has come. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** Takes errors of the server. */
  readonly failed: (error: unknown) => void;
}

/** Most issues put into words for the lines that are scored at once. */
const mostIssues = 100;

/**
 * Answers JSON lines by JSON lines while they arrive: a line a record in order, then one with the totals. Where the body cannot be
 * read to its end the last line is an error, without totals.
 */
export function predictStream(streaming: Streaming, request: ServeRequest): ServeResponse {
  const id = predictionIdOf(request);
  return {
    status: 200,
    headers: {
      "content-type": linesType,
      [predictionHeader]: id,
      ...streaming.scoring.originHeaders,
      ...commonHeaders,
    },
    body: answerLines(streaming, request, id),
  };
}

async function* answerLines(
  { scoring, naming, more, inTurn, failed }: Streaming,
  request: ServeRequest,
  id: string,
): AsyncGenerator<string> {
  const { scorer, metrics, scored, said } = scoring;
  let count = 0;
  let refused = 0;
  try {
    for await (const { sent, broken } of arrivingLines(request, naming)) {
      const { records } = sent;
      const results = await inTurn(() => Promise.resolve(scorer.scoreRecords(records, { mostIssues })));
      let text = "";
      let bad = 0;
      for (const [i, result] of results.entries()) {
        const problem = broken.get(i);
        if (result.probability === null) bad++;
        else metrics?.scored(result.probability, result.label);
        text +=
          problem === undefined
            ? `${entryOf(result, records[i], more)}\n`
            : `{"prediction":null,"probability":null,"error":${JSON.stringify(problem)}}\n`;
      }
      if (bad > 0) metrics?.rejected(bad);
      scored?.(sent, results, idsIn(id, count));
      count += records.length;
      refused += bad;
      yield text;
    }
  } catch (error) {
    const answer = callerFailure(error);
    if (answer === undefined) {
      failed(error);
      throw error;
    }
    yield `${answer.body}\n`;
    return;
  }
  yield `{"count":${count},"failed":${refused},"prediction_id":${JSON.stringify(id)},${said}}\n`;
}

import { quantile } from "simple-statistics";
import { ChurnkitError } from "../../base/errors.js";
import { recordOf, type Table } from "../../data/table/index.js";
import type { Scorer } from "../../model/scoring/index.js";

/** Results of real requests to a served model. */
export interface ServeFigures {
  readonly requests: number;
  /** Milliseconds, one request after the other. */
  readonly p50: number;
  readonly p99: number;
  readonly version: string;
}

/**
 * Sends real HTTP requests to a served model, one customer each, then all in a batch, and compares every answer with
 * the scorer's own.
 *
 * @throws ChurnkitError DEPLOY_FAILED when an answer is not the scorer's.
 */
export async function checkServing(url: string, scorer: Scorer, table: Table, requests = 200): Promise<ServeFigures> {
  const target = table.contract.target?.column;
  const records = Array.from({ length: Math.min(requests, table.rows) }, (_, row) => {
    const record = recordOf(table, row);
    if (target !== undefined) record[target] = null;
    return Object.fromEntries(Object.entries(record).filter(([name]) => name !== target));
  });
  const expected = scorer.score(table);
  const times: number[] = [];
  let version = "";
  for (const [row, record] of records.entries()) {
    const started = performance.now();
    const answer = await post<{ probability: number; model_version: string }>(`${url}/predict`, record);
    times.push(performance.now() - started);
    compare(row, answer.probability, expected[row]);
    version = answer.model_version;
  }
  const batch = await post<{ predictions: { probability: number }[] }>(`${url}/batch-predict`, { records });
  batch.predictions.forEach(({ probability }, row) => compare(row, probability, expected[row]));
  return { requests: records.length, p50: quantile(times, 0.5), p99: quantile(times, 0.99), version };
}

async function post<Answer>(url: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  if (!response.ok)
    throw new ChurnkitError(
      "DEPLOY_FAILED",
      `${url} answered ${response.status}: ${(await response.text()).slice(0, 300)}`,
    );
  return (await response.json()) as Answer;
}

function compare(row: number, served: number, expected: number | undefined): void {
  if (expected !== undefined && served === expected) return;
  throw new ChurnkitError(
    "DEPLOY_FAILED",
    `The served model scores row ${row} as ${served}, the model in memory as ${expected ?? "nothing"}.`,
  );
}

import { invalid } from "./aws-error.js";

/** What a request asks of a list. */
interface PageRequest {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** One page of a list, and the token of the next one. Pages are short, so that nobody takes the first for all. */
export function pageOf<T>(
  all: readonly T[],
  { MaxResults = 10, NextToken = "0" }: PageRequest,
): { readonly items: readonly T[]; readonly NextToken: string | undefined } {
  if (!/^\d{1,15}$/.test(NextToken)) throw invalid("NextToken is not one that the rehearsal gave.");
  if (!Number.isInteger(MaxResults) || MaxResults < 1) throw invalid("MaxResults must be 1 or more.");
  const from = Number(NextToken);
  const to = from + MaxResults;
  return { items: all.slice(from, to), NextToken: to < all.length ? String(to) : undefined };
}

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
  const from = Number(NextToken);
  const to = from + MaxResults;
  return { items: all.slice(from, to), NextToken: to < all.length ? String(to) : undefined };
}

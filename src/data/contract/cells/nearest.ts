/**
 * Edit distance of two short texts in which swapped neighbors count as one slip, by two rolling rows; Infinity as
 * soon as it must be more than `limit`.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : Infinity;
      current.push(Math.min(substituted, swapped, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    if (Math.min(...previous, ...current) > limit) return Infinity;
    [before, previous] = [previous, current];
  }
  return previous[b.length] ?? 0;
}

/**
 * Returns the text that was probably intended: the nearest of `candidates`, if it differs only by case and blanks or
 * by at most a quarter of its characters (at least one). Looks at up to 500 candidates of 60 characters.
 */
export function nearestText(text: string, candidates: readonly string[]): string | undefined {
  const plain = (value: string): string => value.trim().toLowerCase();
  const wanted = plain(text.slice(0, 80));
  if (wanted === "" || wanted.length > 60) return undefined;
  // A one-character label is never a misspelling of another.
  const tolerated = wanted.length < 2 ? 0 : Math.max(1, Math.floor(wanted.length / 4));
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates.slice(0, 500)) {
    if (candidate.length > 60) continue;
    const distance = editDistance(wanted, plain(candidate), Math.min(tolerated, bestDistance));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return bestDistance <= tolerated ? best : undefined;
}

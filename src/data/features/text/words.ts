/** Characters (UTF-16 units) of a text that count; what follows them is not read. */
export const mostCharacters = 10_000;
/** Longer words are no terms of their own: in practice they are links and codes, or sentences without blanks. */
const longestWord = 40;
/** Two such words and a blank. */
export const longestTerm = 2 * longestWord + 1;
/** Characters in a piece of a word. */
const shortestPiece = 3;
const longestPiece = 5;

/**
 * Letters, digits and their marks, with apostrophes between them; or one emoji; or one exclamation or question mark,
 * because they tell a mood.
 */
const wordForm = /[\p{L}\p{N}\p{M}_]+(?:'[\p{L}\p{N}\p{M}]+)*|\p{Extended_Pictographic}|[!?]/gu;

/** Marks beyond the 30 that a character may have in practice: a normal form would sort them, in quadratic time. */
const manyMarks = /([\p{M}\uff9e\uff9f]{30})[\p{M}\uff9e\uff9f]+/gu;

const surrogate = /[\ud800-\udfff]/;

/** The words of a text in order, in lower case: `Don't  PANIC!` is don't, panic and !. */
export function wordsOf(text: string): string[] {
  // A normal form makes one word of all spellings of an accent or a width. It may be up to 18 times as long.
  const plain = text.slice(0, mostCharacters).replace(manyMarks, "$1").normalize("NFKC").slice(0, mostCharacters);
  return plain.toLowerCase().replaceAll("\u2019", "'").match(wordForm) ?? [];
}

/** Calls `each` with every word, and with every two words in a row, as `not good`. */
export function eachPhrase(words: readonly string[], each: (term: string) => void): void {
  let before = "";
  for (const word of words) {
    if (word.length > longestWord) before = "";
    else {
      each(word);
      if (before !== "") each(`${before} ${word}`);
      before = word;
    }
  }
}

/**
 * Calls `each` with every piece of 3 to 5 characters of every word, with a blank at both ends of the word: of `bad`,
 * ` ba`, `bad`, `ad `, ` bad`, `bad `, ` bad `. Pieces make slips and endings of words alike.
 */
export function eachPiece(words: readonly string[], each: (term: string) => void): void {
  for (const word of words) {
    const padded = ` ${word} `;
    // Where a character takes two UTF-16 units, pieces are cut between characters.
    const characters = surrogate.test(padded) ? [...padded] : padded;
    for (let length = shortestPiece; length <= longestPiece; length++) {
      for (let from = 0; from === 0 || from + length <= characters.length; from++) {
        const piece = characters.slice(from, from + length);
        each(typeof piece === "string" ? piece : piece.join(""));
      }
      if (characters.length <= length) break;
    }
  }
}

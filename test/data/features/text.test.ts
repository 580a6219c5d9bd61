import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compileEncoders,
  compileRecipe,
  defineFeatures,
  fitRecipe,
  parseRecipe,
} from "../../../src/data/features/index.js";
import { encodeTexts } from "../../../src/data/features/fit/text/encode-texts.js";
import { fitTextTarget } from "../../../src/data/features/fit/text/fit-text-target.js";
import { fitSparse } from "../../../src/data/features/fit/text/fit-sparse.js";
import { termCounter } from "../../../src/data/features/fit/text/count-terms.js";
import { eachPhrase, eachPiece, wordsOf } from "../../../src/data/features/text/words.js";
import { vectorizer } from "../../../src/data/features/text/vocabulary.js";
import { cellReader, isIssue } from "../../../src/data/contract/cells.js";
import { inferContract } from "../../../src/data/contract/infer.js";
import { uniform } from "../../../src/base/random.js";
import { contractOfColumns, numberColumn, tableOf, textColumn } from "./tables.js";

type EachTerm = typeof eachPhrase;

/** Fits a vocabulary, and gives the values of a text's terms. */
function fitted(each: EachTerm, documents: readonly string[]) {
  const counter = termCounter();
  for (const document of documents) {
    each(wordsOf(document), counter.add);
    counter.finish();
  }
  const vocabulary = counter.vocabulary(2, 1000);
  const vector = vectorizer(vocabulary, each);
  const of = (text: string): Record<string, number> => {
    const values: Record<string, number> = {};
    vector(wordsOf(text), (place, value) => (values[vocabulary.terms[place] ?? ""] = value));
    return values;
  };
  return { vocabulary, of };
}

const termsOf = (each: EachTerm, text: string): string[] => {
  const terms: string[] = [];
  each(wordsOf(text), (term) => terms.push(term));
  return terms;
};

describe("words of a text", () => {
  it.each<[string, string, string[]]>([
    [
      "marks between words do not count, apostrophes in them do",
      "Don’t panic -- it's 'fine'.",
      ["don't", "panic", "it's", "fine"],
    ],
    ["exclamation and question marks are words", "Why?! NO!", ["why", "?", "!", "no", "!"]],
    ["emoji are words, parts of a sequence each", "good👍🏽 👩‍💻", ["good", "👍", "👩", "💻"]],
    ["both forms of an accent are one word", "caf\u00e9 cafe\u0301", ["café", "café"]],
    ["wide letters and ligatures are plain ones", "Ｇｏｏｄ ﬁlm", ["good", "film"]],
    ["right-to-left words keep their marks", "שָׁלוֹם مرحبا", ["שָׁלוֹם".normalize("NFKC"), "مرحبا"]],
    ["words without blanks between them are one", "很好吃，谢谢", ["很好吃", "谢谢"]],
    ["half a surrogate pair is nothing", "a\ud83db \udc4d", ["a", "b"]],
    ["controls and blanks are nothing", "\u0000\u200f \t\n", []],
    ["nothing has no words", "", []],
  ])("%s", (_, text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it("end after 10,000 characters, however the text goes on", () => {
    expect(wordsOf("ab ".repeat(400_000))).toHaveLength(3_334);
    // One sign that NFKC writes with 18 characters.
    expect(wordsOf("\ufdfa".repeat(1_000_000)).join(" ").length).toBeLessThanOrEqual(10_000);
  });

  it("have 30 marks at most, so that their normal form is found at once", () => {
    expect(wordsOf(`e${"\u0301\u0327".repeat(4_000)} x`).map((word) => word.length)).toEqual([30, 1]);
    expect(wordsOf(`e${"\u0301".repeat(30)}`)).toEqual([`\u00e9${"\u0301".repeat(29)}`]);
  });

  it("are terms alone and in pairs, but not where they are very long", () => {
    expect(termsOf(eachPhrase, "not good at")).toEqual(["not", "good", "not good", "at", "good at"]);
    expect(termsOf(eachPhrase, `see ${"x".repeat(41)} now`)).toEqual(["see", "now"]);
  });

  // scikit-learn 1.9.1: TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).build_analyzer()("bad phone a")
  it("have the pieces that scikit-learn's char_wb finds", () => {
    expect(termsOf(eachPiece, "bad phone a").sort()).toEqual(
      // prettier-ignore
      [" a ", " ba", " bad", " bad ", " ph", " pho", " phon", "ad ", "bad", "bad ", "hon", "hone", "hone ", "ne ", "one", "one ", "pho", "phon", "phone"],
    );
  });

  it("are cut between characters, never inside one", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }), (units) => {
        const text = String.fromCharCode(...units);
        const terms = [eachPhrase, eachPiece].flatMap((each) => termsOf(each, text));
        expect(terms.filter((term) => /\p{Cs}/u.test(term))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

// scikit-learn 1.9.1, TfidfVectorizer(sublinear_tf=True, min_df=2) with ngram_range (1, 2) and these words, and with
// analyzer="char_wb", ngram_range (3, 5).
describe("TF-IDF equals scikit-learn's", () => {
  it("of words and pairs of words", () => {
    const { vocabulary, of } = fitted(eachPhrase, [
      "Good case, excellent value.",
      "Not good, NOT good at all!",
      "The café's phone isn't bad",
      "phone phone phone: excellent 📱 phone?",
    ]);
    expect(vocabulary).toEqual({ rows: 4, terms: ["excellent", "good", "phone"], counts: [2, 2, 2] });
    expect(of("Good case, excellent value.")).toEqual({
      good: expect.closeTo(0.7071067811865475, 14) as number,
      excellent: expect.closeTo(0.7071067811865475, 14) as number,
    });
    const { phone, excellent } = of("phone phone phone: excellent 📱 phone?");
    expect(excellent).toBeCloseTo(0.38649523635839605, 14);
    expect(phone).toBeCloseTo(0.9222914031217399, 14);
    expect(of("constructor __proto__ toString")).toEqual({});
  });

  it("of pieces of words", () => {
    const { of } = fitted(eachPiece, ["bad phone", "bad phones", "baddest"]);
    const found = of("baddest");
    expect(Object.keys(found).sort()).toEqual([" ba", " bad", "bad"]);
    for (const value of Object.values(found)) expect(value).toBeCloseTo(0.5773502691896258, 14);
  });

  it("with rarity", () => {
    const { of } = fitted(eachPhrase, ["a b", "a b", "a", "a"]);
    const rarity = Math.log(5 / 3) + 1;
    expect(of("a b")["b"]).toBeCloseTo(rarity / Math.hypot(1, rarity, rarity), 14);
  });
});

// scikit-learn 1.9.1, LogisticRegression(C=cost, solver="liblinear", tol=1e-10).
it("the sparse logistic regression finds scikit-learn's weights", () => {
  const rows = [[1, 0, 0.5], [0, 1, 0.5], [1, 1, 0], [0.2, 0, 1], [0, 0.7, 0.1], [0.9, 0.1, 0]]; // prettier-ignore
  const matrix = {
    width: 3,
    starts: Uint32Array.from({ length: 7 }, (_, i) => 3 * i),
    indices: Int32Array.from({ length: 18 }, (_, i) => i % 3),
    values: Float32Array.from(rows.flat()),
  };
  const weightsAt = (cost: number) =>
    fitSparse(matrix, Uint8Array.of(1, 0, 1, 1, 0, 0), Uint32Array.of(0, 1, 2, 3, 4, 5), cost, 1);
  const near = (found: Float64Array, expected: readonly number[]) => {
    expected.forEach((weight, i) => expect(Math.abs((found[i] as number) - weight)).toBeLessThan(0.05));
  };
  near(weightsAt(1), [0.4512, -0.2973, 0.3506, -0.1292]);
  near(weightsAt(16), [2.4517, -0.1384, 2.6484, -2.0489]);
});

/** Rows whose words tell the label, except where noise is put in, and a number that says nothing. */
function complaints(rows: number, informative = true) {
  const random = uniform(7);
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)] ?? "";
  const neutral = ["the", "phone", "bill", "shop", "month", "call", "plan", "💬"];
  const note: (string | null)[] = [];
  const churn: string[] = [];
  for (let row = 0; row < rows; row++) {
    const leaves = random() < 0.4;
    const mood = leaves === random() < 0.9 ? ["awful", "slow", "broken", "cancel"] : ["great", "fast", "happy", "love"];
    const said = [pick(neutral), pick(neutral), ...(informative ? [pick(mood)] : []), pick(neutral), `x${row % 97}`];
    note.push(random() < 0.1 ? null : said.join(" "));
    churn.push(leaves ? "yes" : "no");
  }
  return { note, churn, n: note.map(() => Math.floor(random() * 40)) };
}

const contract = contractOfColumns([textColumn("note"), numberColumn("n")]);
const onlyNote = { n: { encode: "drop" } } as const;
const features = defineFeatures(contract, { columns: onlyNote });
const table = tableOf(contract, complaints(600));

function aucOf(values: Float32Array, labels: readonly string[]): number {
  let wins = 0;
  let pairs = 0;
  labels.forEach((label, i) => {
    if (label !== "yes") return;
    labels.forEach((other, j) => {
      if (other === "yes") return;
      pairs++;
      const [a, b] = [values[i] as number, values[j] as number];
      wins += a > b ? 1 : a === b ? 0.5 : 0;
    });
  });
  return wins / pairs;
}

describe("a text as what its words say about the target", () => {
  const { recipe, encoder, matrix } = fitRecipe(features, table, { seed: 3 });

  it("is one number, with an indicator where it may be missing", () => {
    expect(encoder.names).toEqual(["note (words)", "note (missing)"]);
    const encode = (note: string | null) => [
      ...encoder.encode(tableOf(contract, { note: [note], n: [1], churn: ["no"] })),
    ];
    const [bad] = encode("Awful, I cancel!");
    const [good] = encode("love it, great");
    expect(bad).toBeGreaterThan(1);
    expect(good).toBeLessThan(-1);
    expect(encode(null)).toEqual([0, 1]);
    // A slip of the pen has most pieces of its word.
    expect(encode("awfull")[0]).toBeGreaterThan((encode("phone")[0] as number) + 0.5);
    for (const odd of ["", "\ud800", "\u202e", "z".repeat(90_000)]) expect(Number.isFinite(encode(odd)[0])).toBe(true);
  });

  it("has the same bits alone, among others, and after the recipe was written and read", () => {
    const again = compileEncoders(parseRecipe(JSON.parse(JSON.stringify(recipe))), contract);
    const all = encoder.encode(table);
    expect(again.encoder.encode(table)).toEqual(all);
    const { note, n } = complaints(600);
    const row = new Float32Array(2);
    for (let i = 0; i < 600; i += 7) {
      expect(again.encodePlain({ note: note[i], n: n[i] }, row, 0)).toBe(true);
      expect([...row]).toEqual([...all.subarray(2 * i, 2 * i + 2)]);
    }
  });

  it("is of other rows in training, so that it does not know the row's label", () => {
    const { note, churn } = complaints(600, false);
    const random = tableOf(contract, { note, churn, n: note.map(() => 1) });
    const { notes } = fitRecipe(defineFeatures(contract), tableOf(contract, complaints(600, false)), { seed: 3 });
    expect(notes).toContain("note: left out, its words say nothing about the target");
    expect(() => fitRecipe(features, random, { seed: 3 })).toThrow(/its words say nothing/);
    const own = encoder.encode(table);
    const { churn: labels } = complaints(600);
    const column = (values: Float32Array) => values.filter((_, i) => i % 2 === 0);
    expect(aucOf(column(own), labels)).toBeGreaterThan(aucOf(column(matrix), labels) + 0.005);
    expect(aucOf(column(matrix), labels)).toBeGreaterThan(0.8);
    const values = column(matrix);
    const mean = values.reduce((a, b) => a + b, 0) / 600;
    expect(Math.abs(mean)).toBeLessThan(0.01);
  });

  it("is left out where all texts say the same", () => {
    const even = [20, 40, 50, 100, 200].flatMap((rows) => [0, 1, 2, 3, 4, 5].map((seed) => [rows, rows / 2, seed]));
    // The fits of uneven classes end a little apart in each fold, and here by chance in the direction of its own rows.
    const uneven = [
      [57, 40, 1],
      [101, 20, 2],
      [203, 20, 3],
    ];
    for (const [rows = 0, positives = 0, seed = 0] of [...even, ...uneven]) {
      const target = Uint8Array.from({ length: rows }, (_, i) => Number((i * 7919) % rows < positives));
      const alike = { name: "note", codes: new Int32Array(rows), texts: ["calls about the bill"] };
      expect(fitTextTarget(alike, [{ labels: target }], seed)).toMatch(/say nothing/);
    }
  });

  it("has room for terms that were forgotten while they were counted", () => {
    const random = uniform(1);
    const han = () => String.fromCodePoint(0x4e00 + Math.floor(20_000 * random()));
    // More than a million pieces, all different, between the first of three texts and the others.
    const many = Array.from({ length: 36 }, () => Array.from({ length: 9_990 }, han).join(""));
    const texts = ["again", ...many, "again", "again"];
    const codes = Int32Array.from(texts.keys());
    const { matrix, phrases } = encodeTexts({ name: "note", codes, texts }, Uint32Array.from(codes));
    expect(phrases).toMatchObject({ terms: ["again"], counts: [3] });
    const used = matrix.starts.at(-1) ?? 0;
    expect(used).toBe(3 + 3 * 12);
    expect(matrix.indices.length).toBeGreaterThanOrEqual(used);
    expect(matrix.values.length).toBeGreaterThanOrEqual(used);
  });

  it("is learned from the same rows to the same bits", () => {
    expect(fitRecipe(features, tableOf(contract, complaints(600)), { seed: 3 })).toMatchObject({ recipe, matrix });
  });

  it("needs ten rows of each class, and a target", () => {
    const few = { note: ["a b", "a c", null], n: [1, 2, 3], churn: ["yes", "no", "yes"] };
    const { notes } = fitRecipe(defineFeatures(contract), tableOf(contract, few), { seed: 3 });
    expect(notes).toEqual(["note: left out, fewer than 10 rows of each class have a text"]);
  });
});

describe("a text as what its words say about each of three classes", () => {
  const { note, churn, n } = complaints(600);
  const classes = ["yes", "no", "maybe"];
  const target = { column: "churn", classes, positive: "maybe" };
  const columns = contract.columns.map((one) => (one.name === "churn" ? { ...one, levels: classes } : one));
  const own = { ...contract, target, columns };
  // Nothing tells the positive class.
  const said = churn.map((label, row) => (row % 3 === 0 ? "maybe" : label));
  const rows = tableOf(own, { note, churn: said, n });
  const { recipe, encoder, matrix } = fitRecipe(defineFeatures(own, { columns: onlyNote }), rows, { seed: 3 });

  it("is a number for each class of which they say something", () => {
    expect(encoder.names).toEqual(["note (words of yes)", "note (words of no)", "note (missing)"]);
    const own = (words: string) => [
      ...encoder.encode(tableOf(rows.contract, { note: [words], n: [1], churn: ["no"] })),
    ];
    const [bad, good] = [own("Awful, I cancel!"), own("love it, great")];
    expect(bad[0]).toBeGreaterThan((good[0] as number) + 1);
    expect(bad[1]).toBeLessThan((good[1] as number) - 1);
    // In training, from other rows: less than the rows say about themselves, and more than nothing.
    const column = (values: Float32Array) => values.filter((_, i) => i % 3 === 0);
    const itself = aucOf(column(encoder.encode(rows)), said);
    expect(aucOf(column(matrix), said)).toBeLessThan(itself - 0.005);
    expect(aucOf(column(matrix), said)).toBeGreaterThan(0.65);
  });

  it("has the same bits after the recipe was written and read, and no class without a weight for each term", () => {
    const json = JSON.parse(JSON.stringify(recipe)) as typeof recipe;
    expect(parseRecipe(json)).toEqual(recipe);
    expect(compileRecipe(parseRecipe(json), own).encode(rows)).toEqual(encoder.encode(rows));
    const [block] = json.blocks;
    for (const change of [{ others: [{ of: "no", weights: [1], bias: 0 }] }, { weights: [] }])
      expect(() => parseRecipe({ ...json, blocks: [{ ...block, ...change }] })).toThrow(/different terms/);
  });
});

describe("a text as TF-IDF of its words", () => {
  it("has a column for each word of two rows, and bits that do not depend on the other rows", () => {
    const { encoder, matrix } = fitRecipe(
      defineFeatures(contract, { columns: { ...onlyNote, note: { encode: "tfidf" } } }),
      table,
      { seed: 3 },
    );
    expect(encoder.names).toContain("note: cancel");
    expect(encoder.names.at(-1)).toBe("note (missing)");
    const one = encoder.encode(table, undefined, 300, 301);
    expect(one).toEqual(matrix.subarray(300 * encoder.width, 301 * encoder.width));
    for (let row = 0; row < 600; row++) {
      const cells = matrix.subarray(row * encoder.width, (row + 1) * encoder.width - 1);
      const missing = matrix[(row + 1) * encoder.width - 1] === 1;
      expect(cells.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(missing ? 0 : 1, 5);
    }
  });

  it("is what a table without a target gets", () => {
    const { note, n } = complaints(100);
    const { columns } = contract;
    const open = { ...contract, columns: columns.filter(({ role }) => role !== "target"), target: undefined };
    const { recipe } = fitRecipe(defineFeatures(open), tableOf(open, { note, n }), { seed: 3 });
    expect(recipe.blocks.map(({ kind }) => kind)).toContain("text");
  });
});

describe("a recipe with texts from elsewhere", () => {
  const { recipe } = fitRecipe(features, table, { seed: 3 });
  const [block] = recipe.blocks;
  const broken = (change: object): (() => unknown) => {
    return () => parseRecipe(JSON.parse(JSON.stringify({ ...recipe, blocks: [{ ...block, ...change }] })));
  };

  it.each<[string, object, RegExp]>([
    [
      "the same term twice",
      { phrases: { rows: 9, terms: ["a", "a"], counts: [1, 1] } },
      /different terms, each with a count/,
    ],
    [
      "more rows with a term than rows",
      { phrases: { rows: 9, terms: ["a"], counts: [10] } },
      /different terms, each with a count/,
    ],
    ["a count too few", { pieces: { rows: 9, terms: ["a", "b"], counts: [1] } }, /different terms, each with a count/],
    ["a weight too few", { weights: [1] }, /different terms, each with a count/],
    ["a very long term", { phrases: { rows: 9, terms: ["a".repeat(82)], counts: [1] } }, /81 characters/],
    ["an unknown member", { more: 1 }, /unknown member/],
  ])("is refused for %s", (_, change, reason) => {
    expect(broken(change)).toThrow(reason);
  });

  it("is refused for a column that is no text", () => {
    expect(() =>
      compileRecipe({ ...recipe, blocks: [{ ...recipe.blocks[0], input: "n" } as never] }, contract),
    ).toThrow(/cannot take "n", a number/);
  });
});

describe("a text column", () => {
  it("refuses a text over its limit", () => {
    const cell = cellReader(textColumn("note")).fromJson("x".repeat(1_000_000));
    expect(isIssue(cell) && cell.message).toMatch(/1000000 characters; the limit is 100000/);
  });

  it("is inferred as a feature where it is named", () => {
    const rows = Array.from({ length: 60 }, (_, i) => [
      `note number ${i} about the long service call`,
      i % 2 ? "Yes" : "No",
    ]);
    const { contract: told, findings } = inferContract(["note", "churn"], rows, { target: "churn", text: "note" });
    expect(told.columns[0]).toMatchObject({ kind: "text", role: "feature" });
    expect(findings).toEqual([]);
    const untold = inferContract(["note", "churn"], rows, { target: "churn" });
    expect(untold.contract.columns[0]).toMatchObject({ kind: "text", role: "ignored" });
    expect(untold.findings[0]?.message).toContain("to learn from it, name it as a text (--text)");
    expect(() => inferContract(["note", "churn"], rows, { target: "churn", text: ["churn"] })).toThrow(
      /both target and text/,
    );
    expect(() => inferContract(["note", "churn"], rows, { text: ["not"] })).toThrow(/no text column "not"/);
  });
});

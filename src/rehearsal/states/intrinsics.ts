import { createHash } from "node:crypto";
import { canonicalJson, parseJson } from "../../base/json/index.js";
import { StateFault } from "./fault.js";
import { read, type Scope } from "./paths.js";

type Random = () => number;
type Intrinsic = (values: readonly unknown[], random: Random) => unknown;

const fail = (what: string): never => {
  throw new StateFault("States.IntrinsicFailure", what);
};
const text = (value: unknown): string => (typeof value === "string" ? value : fail(`${show(value)} is not text.`));
const whole = (value: unknown): number =>
  typeof value === "number" && Number.isInteger(value) ? value : fail(`${show(value)} is not a whole number.`);
const array = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : fail(`${show(value)} is not an array.`);
const object = (value: unknown): object =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? value
    : fail(`${show(value)} is not an object.`);
const show = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 80);
const scalar = (value: unknown): string =>
  typeof value === "object" && value !== null ? fail(`${show(value)} does not fit into a text.`) : plain(value);
const plain = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Bounds of AWS: items of a range, and characters of what is encoded or hashed. */
const limits = { items: 1000, characters: 10_000 };
const short = (value: string): string =>
  value.length <= limits.characters ? value : fail(`The text is longer than ${limits.characters} characters.`);
const hashes: Readonly<Record<string, string>> = {
  MD5: "md5",
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};

/** The functions of the States language. */
const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Format: ([template, ...values]) => {
    const parts = text(template).split("{}");
    if (parts.length - 1 !== values.length)
      fail(`${show(template)} has ${parts.length - 1} places for ${values.length} values.`);
    return parts.map((part, i) => (i === 0 ? part : `${scalar(values[i - 1])}${part}`)).join("");
  },
  StringToJson: ([value]) => {
    try {
      return parseJson(text(value));
    } catch {
      return fail(`${show(value)} is not JSON.`);
    }
  },
  JsonToString: ([value]) => JSON.stringify(value),
  JsonMerge: ([first, second, deep]) =>
    deep === false
      ? { ...object(first), ...object(second) }
      : fail("JsonMerge merges only shallowly: its third argument must be false."),
  StringSplit: ([value, separators]) => {
    const marks = new Set(text(separators));
    const parts = [""];
    for (const letter of text(value)) {
      if (marks.has(letter)) parts.push("");
      else parts.push(`${parts.pop() ?? ""}${letter}`);
    }
    return parts.filter((part) => part !== "");
  },
  Array: (values) => values,
  ArrayPartition: ([items, size]) => {
    const [list, length] = [array(items), whole(size)];
    if (length < 1) fail("A part must have at least one item.");
    return Array.from({ length: Math.ceil(list.length / length) }, (_, i) => list.slice(i * length, (i + 1) * length));
  },
  ArrayContains: ([items, value]) => {
    const wanted = canonicalJson(value);
    return array(items).some((item) => canonicalJson(item) === wanted);
  },
  ArrayRange: ([first, last, step]) => {
    const [from, to, by] = [whole(first), whole(last), whole(step)];
    const length = by === 0 ? 0 : Math.floor((to - from) / by) + 1;
    if (by === 0 || length > limits.items) fail(`A range has at most ${limits.items} items and a step other than 0.`);
    return Array.from({ length: Math.max(length, 0) }, (_, i) => from + i * by);
  },
  ArrayGetItem: ([items, index]) => {
    const list = array(items);
    const at = whole(index);
    return at >= 0 && at < list.length ? list[at] : fail(`An array of ${list.length} items has no item ${at}.`);
  },
  ArrayLength: ([items]) => array(items).length,
  ArrayUnique: ([items]) => [...new Map(array(items).map((item) => [canonicalJson(item), item])).values()],
  Base64Encode: ([value]) => Buffer.from(short(text(value))).toString("base64"),
  Base64Decode: ([value]) => Buffer.from(short(text(value)), "base64").toString("utf8"),
  Hash: ([value, algorithm]) => {
    const name = text(algorithm);
    const known = Object.hasOwn(hashes, name) ? hashes[name] : undefined;
    return createHash(known ?? fail(`There is no hash ${show(name)}.`))
      .update(short(plain(value)))
      .digest("hex");
  },
  MathAdd: ([a, b]) => whole(a) + whole(b),
  MathRandom: ([first, last], random) => {
    const [from, to] = [whole(first), whole(last)];
    return from + Math.floor(random() * (to - from));
  },
  UUID: (_, random) =>
    "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => Math.floor(random() * 16).toString(16)),
};

/**
 * The value of a function of the States language, such as `ArrayRange`.
 *
 * @throws StateFault States.IntrinsicFailure.
 */
export function intrinsic(name: string, values: readonly unknown[], random: Random): unknown {
  const run = Object.hasOwn(intrinsics, name) ? intrinsics[name] : undefined;
  return run === undefined ? fail(`There is no function States.${name}.`) : run(values, random);
}

/** A text, a path, a number, or a word of JSON. */
const tokenPattern =
  /^'(?:[^'\\]|\\.)*'|^\$(?:[\w.$*-]|\[(?:'(?:[^'\\]|\\.)*'|[^\]])*\])*|^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|^true\b|^false\b|^null\b/;

/** Evaluates a path or a call such as `States.Format('run-{}', $.name)`. */
export function evaluate(expression: string, scope: Scope, random: Random): unknown {
  let at = 0;
  const spaces = (): void => void (at += /^\s*/.exec(expression.slice(at))?.[0].length ?? 0);
  const value = argument();
  spaces();
  return at === expression.length ? value : fail(`${show(expression)} goes on after its end.`);

  function argument(): unknown {
    spaces();
    const rest = expression.slice(at);
    const call = /^States\.(\w+)\s*\(/.exec(rest);
    if (call !== null) return called(call[1] ?? "", call[0].length);
    const token = tokenPattern.exec(rest)?.[0];
    if (token === undefined) return fail(`${show(expression)} is neither a path nor a call of a States function.`);
    at += token.length;
    if (token.startsWith("'")) return token.slice(1, -1).replace(/\\(.)/g, "$1");
    return token.startsWith("$") ? read(token, scope) : parseJson(token);
  }

  function called(name: string, length: number): unknown {
    at += length;
    const values: unknown[] = [];
    for (;;) {
      spaces();
      if (expression[at] === ")") break;
      if (values.length > 0) {
        if (expression[at] !== ",") fail(`${show(expression)} lacks a comma.`);
        at++;
      }
      values.push(argument());
    }
    at++;
    return intrinsic(name, values, random);
  }
}

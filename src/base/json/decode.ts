import type { JsonValue } from "./value.js";

/**
 * Reads one type from a place in an untrusted JSON document, or throws the document's error. The result is new: it
 * shares no object with the document.
 */
export type Decoder<T> = (json: JsonValue) => T;

/** Result type of a decoder. */
export type Decoded<D> = D extends Decoder<infer T> ? T : never;

const textLimit = 100_000;

/** A text of at most `max` characters. */
export const text =
  (max = textLimit): Decoder<string> =>
  (json) => {
    if (typeof json.value !== "string") throw json.not("a text");
    if (json.value.length > max) throw json.not(`a text of at most ${max} characters`);
    return json.value;
  };

/** True or false. */
export const flag: Decoder<boolean> = (json) => {
  if (typeof json.value !== "boolean") throw json.not("true or false");
  return json.value;
};

/** A finite number from `min` to `max`. */
export const number =
  (min = -Infinity, max = Infinity): Decoder<number> =>
  (json) => {
    const { value } = json;
    if (typeof value !== "number" || !Number.isFinite(value) || value < min || value > max)
      throw json.not(`a finite number${between(min, max)}`);
    return value;
  };

/** A whole number from `min` to `max`. */
export const count =
  (min = 0, max = Number.MAX_SAFE_INTEGER): Decoder<number> =>
  (json) => {
    const { value } = json;
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max)
      throw json.not(`a whole number${between(min, max)}`);
    return value;
  };

function between(min: number, max: number): string {
  if (max === Infinity || max === Number.MAX_SAFE_INTEGER) return min === -Infinity ? "" : ` of at least ${min}`;
  return ` from ${min} to ${max}`;
}

/** This value and no other. */
export const literal =
  <const T extends string | number | boolean>(expected: T): Decoder<T> =>
  (json) => {
    if (json.value !== expected) throw json.not(JSON.stringify(expected));
    return expected;
  };

/** A document's version of its format. */
export const version =
  <const N extends number>(expected: N): Decoder<N> =>
  (json) => {
    if (json.value !== expected)
      throw json.refused(`must be ${expected}; another version of churnkit may have written it`);
    return expected;
  };

/** One of some texts. */
export const oneOf =
  <const T extends string>(choices: readonly T[]): Decoder<T> =>
  (json) => {
    const choice = choices.find((candidate) => candidate === json.value);
    if (choice === undefined) throw json.not(`one of ${choices.join(", ")}`);
    return choice;
  };

/** A list of at most `max` items. */
export const list =
  <T>(item: Decoder<T>, max = textLimit): Decoder<T[]> =>
  (json) =>
    json.items(max).map((value) => item(value));

/** Decodes a list of finite numbers; only a wrong one gets a path. */
export const numbers = (max = textLimit): Decoder<number[]> =>
  plainList(number(), (value) => Number.isFinite(value), max);

/** A list of texts of at most `length` characters. */
export const texts = (max = textLimit, length = textLimit): Decoder<string[]> =>
  plainList(text(length), (value) => typeof value === "string" && value.length <= length, max);

/** A list of `length` whole numbers of 0 or more. */
export const counts =
  (length: number): Decoder<number[]> =>
  (json) => {
    const values = plainList(count(), (value) => Number.isSafeInteger(value) && (value as number) >= 0, length)(json);
    if (values.length !== length) throw json.not(`a list of ${length} counts`);
    return values;
  };

const plainList =
  <T>(item: Decoder<T>, fits: (value: unknown) => boolean, max: number): Decoder<T[]> =>
  (json) => {
    const values = Array.from(json.list(max));
    return values.every(fits) ? (values as T[]) : list(item, max)(json);
  };

/** An object whose keys are data, of at most `max` members. */
export const record =
  <T>(member: Decoder<T>, max = textLimit): Decoder<Record<string, T>> =>
  (json) => {
    const keys = Object.keys(json.object());
    if (keys.length > max) throw json.not(`an object of at most ${max} members`);
    return Object.fromEntries(keys.map((key) => [key, member(json.get(key))]));
  };

/** The value, or undefined if it is absent. An {@link object} then omits the member. */
export const optional =
  <T>(decoder: Decoder<T>): Decoder<T | undefined> =>
  (json) =>
    json.value === undefined ? undefined : decoder(json);

/** The value, or null if it is absent or null. */
export const nullable =
  <T>(decoder: Decoder<T>): Decoder<T | null> =>
  (json) =>
    json.absent ? null : decoder(json);

/** The value, or `other` if it is absent or null. */
export const withDefault =
  <T>(decoder: Decoder<T>, other: T): Decoder<T> =>
  (json) =>
    json.absent ? other : decoder(json);

/** Decodes an object; an absent or null one is read as an empty object. */
export const orEmpty =
  <T>(decoder: Decoder<T>): Decoder<T> =>
  (json) =>
    decoder(json.absent ? json.with({}) : json);

/** Decodes a member that earlier documents had under another name. */
export const formerly =
  <T>(name: string, decoder: Decoder<T>): Decoder<T> =>
  (json) =>
    decoder(json.value === undefined ? json.sibling(name) : json);

/** Decodes a value that must also pass a test; `expected` describes it. */
export const where =
  <T>(decoder: Decoder<T>, test: (value: T) => boolean, expected: string): Decoder<T> =>
  (json) => {
    const value = decoder(json);
    if (!test(value)) throw json.not(expected);
    return value;
  };

/** Decodes numbers in strictly increasing order. */
export const increasing =
  (decoder: Decoder<number[]>): Decoder<number[]> =>
  (json) => {
    const values = decoder(json);
    const wrong = values.findIndex((value, i) => i > 0 && value <= (values[i - 1] as number));
    if (wrong >= 0) throw json.item(wrong).not("a number larger than the one before");
    return values;
  };

type Fields = Readonly<Record<string, Decoder<unknown>>>;
type OptionalKey<F extends Fields> = { [K in keyof F]: undefined extends Decoded<F[K]> ? K : never }[keyof F];
type Simplify<T> = { [K in keyof T]: T[K] };
/** Object type of the fields: members that may be undefined are optional. */
export type DecodedObject<F extends Fields> = Simplify<
  { [K in Exclude<keyof F, OptionalKey<F>>]: Decoded<F[K]> } & {
    [K in OptionalKey<F>]?: Exclude<Decoded<F[K]>, undefined>;
  }
>;

/** Decodes an object with these members; others are ignored, because a later version may have added them. */
export const object = <F extends Fields>(fields: F): Decoder<DecodedObject<F>> => {
  const entries = Object.entries(fields);
  return (json) => {
    json.object();
    const result: Record<string, unknown> = {};
    for (const [key, decoder] of entries) {
      const value = decoder(json.get(key));
      if (value !== undefined) result[key] = value;
    }
    return result as DecodedObject<F>;
  };
};

/** Decodes an object with exactly these members, so that a misspelled one is an error. */
export const strictObject = <F extends Fields>(fields: F): Decoder<DecodedObject<F>> => {
  const decode = object(fields);
  return (json) => {
    const unknown = Object.keys(json.object()).find((key) => !Object.hasOwn(fields, key));
    if (unknown !== undefined) throw json.refused(`has an unknown member ${JSON.stringify(unknown.slice(0, 80))}`);
    return decode(json);
  };
};

/** Decodes objects of several shapes; the text of one member says which. */
export const variants = <const K extends string, D extends Readonly<Record<string, Decoder<unknown>>>>(
  key: K,
  shapes: D,
): Decoder<Decoded<D[keyof D]>> => {
  const tag = oneOf(Object.keys(shapes));
  return (json) => {
    const shape = shapes[tag(json.get(key))];
    return shape?.(json) as Decoded<D[keyof D]>;
  };
};

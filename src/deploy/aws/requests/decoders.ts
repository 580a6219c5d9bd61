import { count, list, number, optional, record, text, where, type Decoder } from "../../../base/json/index.js";
import { broken, type Broken } from "../decode.js";
import { isReference, type Reference } from "./referable.js";

/** The decoder's value, or a reference. */
export const ref =
  <T>(decoder: Decoder<T>): Decoder<T | Reference> =>
  (json) =>
    isReference(json.value) ? json.value : decoder(json);

/** A whole number, or a reference. */
export const refCount = (min: number, max?: number): Decoder<number | Reference> => ref(count(min, max));
/** A number, or a reference. */
export const refNumber = (min?: number, max?: number): Decoder<number | Reference> => ref(number(min, max));
/** A text of limited length, or a reference. */
export const refText = (max: number): Decoder<string | Reference> => ref(text(max));

/** `s3://bucket/key`. */
export const s3Uri = (max = 1024): Decoder<string | Reference> =>
  ref(where(text(max), (uri) => /^s3:\/\/[^/]+(\/.*)?$/.test(uri), 'an S3 URI such as "s3://bucket/prefix"'));

/** `ml.m5.large`; which types a service has changes too often to be checked here. */
export const instanceType = <T extends string>(): Decoder<T | Reference> =>
  ref(
    where(text(64), (type) => /^ml\.[a-z0-9-]+\.[a-z0-9-]+$/.test(type), 'an instance type such as "ml.m5.large"'),
  ) as Decoder<T | Reference>;

/** The part of a name after the target's. */
export const suffix: Decoder<string> = where(
  text(63),
  (name) => /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/.test(name),
  "a name of letters, digits and hyphens",
);
/** Such a name, or a reference to a thing made by a step. */
export const refSuffix: Decoder<string | Reference> = ref(suffix);

/** Environment variables. */
export const environment = (entries: number, length: number): Decoder<Record<string, string | Reference> | undefined> =>
  optional(
    where(
      record(refText(length), entries),
      (variables) => Object.keys(variables).every((name) => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)),
      "variables whose names are letters, digits and underscores",
    ),
  );

/** Entrypoint or arguments of a container. */
export const command: Decoder<(string | Reference)[] | undefined> = optional(
  where(list(refText(256), 100), (words) => words.length > 0, "a list of 1 to 100 texts"),
);

/** Objects by name, with at least `min` and at most `max` of them. */
export const named = <T>(decoder: Decoder<T>, min: number, max: number): Decoder<Record<string, T>> =>
  where(
    record(decoder, max),
    (members) => {
      const names = Object.keys(members);
      return names.length >= min && names.every((name) => /^[A-Za-z0-9._-]{1,64}$/.test(name));
    },
    `${min} to ${max} members whose names are letters, digits, ".", "_" and "-"`,
  );

/** Compressed S3 objects are unpacked on their way in Pipe mode only. */
export const gzipNeedsPipe = ({ compression, mode }: { compression?: string; mode?: string }): Broken | undefined =>
  broken(compression === "Gzip" && mode !== "Pipe", "compression", "may be Gzip only in the mode Pipe");

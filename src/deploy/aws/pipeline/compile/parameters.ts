import type { PipelineParameter } from "../definition.js";

/** The parameters of a compiled pipeline, as its parts ask for them. */
export interface Parameters {
  /** The name of a parameter with this default: the first name that is free or has it already. */
  take(names: readonly [string, ...string[]], parameter: PipelineParameter): string;
  all(): Readonly<Record<string, PipelineParameter>>;
}

/** Collects parameters. */
export function collectParameters(): Parameters {
  const taken = new Map<string, PipelineParameter>();
  return {
    take(names, parameter) {
      const isFree = (name: string): boolean => {
        const known = taken.get(name);
        return known === undefined || (known.type === parameter.type && known.default === parameter.default);
      };
      const name = names.find(isFree) ?? names[0];
      taken.set(name, parameter);
      return name;
    },
    all: () => Object.fromEntries(taken),
  };
}

/** `min-accuracy` as `MinAccuracy`. */
export const pascal = (...words: readonly string[]): string =>
  words
    .flatMap((word) => word.split(/[^A-Za-z0-9]+/))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");

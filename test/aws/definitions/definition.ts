import { checkRequest } from "../../helpers/botocore.js";
import type { EndpointWorld } from "../../helpers/endpoint-world.js";
import { wireTo } from "../../../src/rehearsal/cloudformation/wire.js";

/** Says what is wrong with a definition. */
export type Checker = (definition: never, world: EndpointWorld) => string[] | Promise<string[]>;
/** A fault: what it is, the place, what stands there instead (nothing at all if undefined), and who finds it by which words. */
export type Fault = readonly [what: string, path: string, value: unknown, checker: string, found: RegExp];

/** A definition with its checkers, and faults that they must find. */
export interface Definition {
  /** The functions of churnkit/deploy/aws that make it. */
  readonly by: readonly string[];
  readonly made: unknown;
  /** By their names; `model` is AWS's model of a request. */
  readonly checkers: Readonly<Record<string, Checker>>;
  readonly faults: readonly Fault[];
}

/** AWS's model of an operation as a checker. */
export const model =
  (operation: string): Checker =>
  (input) =>
    checkRequest("sagemaker", operation, input);

/** The rehearsal as a checker: what it answers to a request. */
export const rehearsal =
  (operation: string): Checker =>
  (input, { rehearsal: { url, region } }) =>
    wireTo(url, region)
      .json("sagemaker", operation, input)
      .then(
        () => [],
        (error: Error) => [error.message],
      );

import type { JsonValue } from "../../base/json/index.js";
import type { ModelNode } from "../artifact.js";
import type { Kernel } from "./network/kernel.js";

/** Scores encoded rows with one model, before calibration. */
export interface ModelScorer {
  /** Number of features of a row. */
  readonly inputs: number;
  /**
   * Writes the raw probability of the positive class of each row into `out`. A row's bits don't depend on its
   * neighbors.
   *
   * @param x features, rows x inputs, row-major.
   */
  score(x: Float32Array, rows: number, out: Float64Array): void;
  /**
   * Writes the raw probabilities of all classes of each row, rows x count, with the sum 1. Only scorers of more than two
   * classes have it.
   */
  readonly classes?: { readonly count: number; score(x: Float32Array, rows: number, out: Float64Array): void };
  /**
   * The same for the rows, up to `atOnce`, that a scorer of the same context has just scored: what both do with them is done
   * once. Only scorers that share have it.
   */
  readonly again?: { readonly atOnce: number; score(rows: number, out: Float64Array): void };
}

/** Context for making a scorer. */
export interface ScorerContext {
  /** The kernel, if some part of the model has a use for it and it can be loaded. */
  readonly kernel: Kernel | undefined;
  /** Makes the scorer of a member. */
  scorerOf(node: ModelNode): ModelScorer;
}

/** Context for writing a model into a bundle. */
export interface WriteContext {
  /** Adds files to the bundle under `<group>/<n>/`, the group's next free n, and returns that folder. */
  addFolder(group: "networks" | "trees", files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): string;
  /** Writes a member. */
  write(node: ModelNode): object;
}

/** Returns a node as JSON for `scorer.json`, without its tag. Apart from {@link ModelKind}: who only scores writes none. */
export type ModelWriter<Node extends ModelNode> = (node: Node, context: WriteContext) => object;

/** Context for reading a model from a bundle. */
export interface ReadContext {
  /** A file of the bundle. */
  file(path: string): Uint8Array;
  /**
   * Reads a JSON file. Files with the same bytes are read once, because an ensemble's networks tend to have one
   * topology.
   */
  json<T>(path: string, read: (json: JsonValue) => T): T;
  /** Reads a member. */
  read(json: JsonValue): ModelNode;
}

/** Whether a model can be scored only with the kernel, faster with it, or has no use for it. */
export type KernelUse = "needed" | "faster" | "none";

/** What a model has a use for whose members have these. */
export function kernelUseOfAny(members: readonly KernelUse[]): KernelUse {
  return members.includes("needed") ? "needed" : members.includes("faster") ? "faster" : "none";
}

/** How a kind of model is read and scored: one entry of `modelKinds` for each tag of `ModelNode`. */
export interface ModelKind<Node extends ModelNode> {
  read(json: JsonValue, context: ReadContext): Node;
  /** What scoring uses the WebAssembly kernel for. */
  kernelUse(node: Node, useOf: (member: ModelNode) => KernelUse): KernelUse;
  scorer(node: Node, context: ScorerContext): ModelScorer;
}

import type { ClassesModel, ModelNode } from "../../model/artifact.js";
import { plainModel, type PlainModel } from "../../model/scoring/index.js";
import { roundedKernel } from "../rounded-kernel.js";
import { pack, packIntegers, unpack, type PackedNumbers } from "./numbers.js";

/** A kernel as it is, or rounded to 8 bits with a scale for each unit. */
type PackedKernel = PackedNumbers | { readonly rounded: PackedNumbers; readonly scales: PackedNumbers };

/** A model as JSON, with its numbers packed. */
export type PackedModel =
  | {
      readonly kind: "folded";
      readonly inputs: number;
      readonly layers: readonly { readonly kernel: PackedKernel; readonly bias: PackedNumbers }[];
    }
  | Extract<PlainModel, { kind: "linear" }>
  | {
      readonly kind: "trees";
      readonly inputs: number;
      readonly link: "logistic" | "identity";
      readonly bias: number;
      readonly roots: PackedNumbers;
      readonly features: PackedNumbers;
      readonly values: PackedNumbers;
      /** How far a split's right child is behind it, 0 for a leaf. */
      readonly steps: PackedNumbers;
    }
  | {
      readonly kind: "ensemble";
      readonly members: readonly PackedModel[];
      readonly weights?: readonly number[] | undefined;
      readonly average?: "logOdds" | undefined;
    }
  | (Omit<ClassesModel, "members"> & { readonly members: readonly PackedModel[] });

/** Packs a model. @param int8 whether the networks' kernels are rounded to 8 bits. */
export const packModel = (model: ModelNode, int8: boolean): PackedModel => packPlain(plainModel(model), int8);

function packPlain(model: PlainModel, int8: boolean): PackedModel {
  switch (model.kind) {
    case "linear":
      return model;
    case "ensemble":
    case "classes":
      return { ...model, members: model.members.map((member) => packPlain(member, int8)) };
    case "folded": {
      const layers = model.layers.map(({ kernel, bias }) => ({
        kernel: int8 ? rounded(kernel, bias.length) : pack("float32", kernel),
        bias: pack("float32", bias),
      }));
      return { ...model, layers };
    }
    case "trees": {
      const { kind, inputs, link, bias, roots, features, values, right } = model;
      return {
        ...{ kind, inputs, link, bias },
        roots: packIntegers(roots),
        features: packIntegers(features),
        values: pack("float32", values),
        steps: packIntegers(right.map((child, node) => (child === 0 ? 0 : child - node))),
      };
    }
  }
}

function rounded(kernel: Float32Array, units: number): PackedKernel {
  const { whole, scales } = roundedKernel(kernel, units);
  return { rounded: pack("int8", whole), scales: pack("float32", scales) };
}

/** Reads a packed model. */
export function unpackModel(model: PackedModel): PlainModel {
  switch (model.kind) {
    case "linear":
      return model;
    case "ensemble":
    case "classes":
      return { ...model, members: model.members.map(unpackModel) };
    case "folded": {
      const layers = model.layers.map(({ kernel, bias }) => ({
        kernel: unpackKernel(kernel),
        bias: Float32Array.from(unpack(bias)),
      }));
      return { ...model, layers };
    }
    case "trees": {
      const { kind, inputs, link, bias } = model;
      return {
        ...{ kind, inputs, link, bias },
        roots: Uint32Array.from(unpack(model.roots)),
        features: Int32Array.from(unpack(model.features)),
        values: Float32Array.from(unpack(model.values)),
        right: Uint32Array.from(unpack(model.steps), (step, node) => (step === 0 ? 0 : node + step)),
      };
    }
  }
}

function unpackKernel(kernel: PackedKernel): Float32Array {
  if (!("rounded" in kernel)) return Float32Array.from(unpack(kernel));
  const scales = unpack(kernel.scales);
  return Float32Array.from(unpack(kernel.rounded), (whole, i) => whole * (scales[i % scales.length] as number));
}

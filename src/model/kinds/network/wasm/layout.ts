import type { Kernel } from "../kernel.js";

/** Words of the kernel's structs in their order in memory, as layout.ts, train.ts and score.ts of src/kernels/assembly declare them. */
export const layerFields = [
  ["inputs", "i32"],
  ["inputPanels", "i32"],
  ["units", "i32"],
  ["panels", "i32"],
  ["kernel", "i32"],
  ["bias", "i32"],
  ["gamma", "i32"],
  ["beta", "i32"],
  ["movingMean", "i32"],
  ["movingVariance", "i32"],
  ["mean", "i32"],
  ["inverseDeviation", "i32"],
  ["relu", "i32"],
  ["output", "i32"],
  ["mask", "i32"],
  ["delta", "i32"],
  ["transposed", "i32"],
  ["dropBelow", "i32"],
  ["keepScale", "f32"],
  ["decay", "f32"],
] as const;

export const networkFields = [
  ["beta1", "f64"],
  ["beta2", "f64"],
  ["layerCount", "i32"],
  ["layers", "i32"],
  ["stride", "i32"],
  ["inputs", "i32"],
  ["inputPanels", "i32"],
  ["outputs", "i32"],
  ["x", "i32"],
  ["adapters", "i32"],
  ["adapterFactors", "i32"],
  ["xDelta", "i32"],
  ["outputKernel", "i32"],
  ["outputBias", "i32"],
  ["logits", "i32"],
  ["scratch", "i32"],
  ["toGradient", "i32"],
  ["toMoment1", "i32"],
  ["toMoment2", "i32"],
  ["seedHash", "i32"],
  ["movingRate", "f32"],
  ["normEpsilon", "f32"],
  ["adamEpsilon", "f32"],
  ["weightDecay", "f32"],
] as const;

export const dataFields = [
  ["x", "i32"],
  ["targets", "i32"],
  ["weights", "i32"],
  ["order", "i32"],
] as const;

export const scoreLayerFields = [
  ["inputs", "i32"],
  ["panels", "i32"],
  ["kernel", "i32"],
  ["bias", "i32"],
] as const;

export const scoreNetworkFields = [
  ["layerCount", "i32"],
  ["layers", "i32"],
  ["inputs", "i32"],
  ["outputs", "i32"],
  ["outputKernel", "i32"],
  ["outputBias", "i32"],
  ["front", "i32"],
  ["back", "i32"],
  ["scratch", "i32"],
  ["features", "i32"],
  ["finite", "i32"],
] as const;

type Fields = readonly (readonly [string, "i32" | "f32" | "f64"])[];

/** Rows that the kernel works on together. */
export const chunk = 32;

/** Bytes of a struct. */
export function structBytes(fields: Fields): number {
  return fields.reduce((bytes, [, type]) => bytes + (type === "f64" ? 8 : 4), 0);
}

/** Writes a struct at an address. */
export function writeStruct<F extends Fields>(
  kernel: Kernel,
  address: number,
  fields: F,
  values: Readonly<Record<F[number][0], number>>,
): void {
  const view = new DataView(kernel.exports.memory.buffer, address);
  let at = 0;
  for (const [name, type] of fields) {
    const value = values[name as F[number][0]];
    if (type === "f64") view.setFloat64(at, value, true);
    else if (type === "f32") view.setFloat32(at, value, true);
    else view.setInt32(at, value, true);
    at += type === "f64" ? 8 : 4;
  }
}

/** The next multiple of 8: the width to which the kernel pads units. */
export const padded = (units: number): number => Math.ceil(units / 8) * 8;

/** Location and layout of a tensor: a kernel as panels of 8 units, the output's kernel by output unit, or a vector. */
export interface TensorPlace {
  readonly form: "panels" | "by-output" | "vector";
  readonly address: number;
  readonly rows: number;
  readonly columns: number;
}

/** Floats that a tensor takes in the kernel's memory. */
export function placeLength({ form, rows, columns }: TensorPlace): number {
  if (form === "vector") return padded(columns);
  return form === "panels" ? padded(rows) * padded(columns) : padded(rows) * columns;
}

/**
 * Copies each value between a row-major tensor and its place, in plain loops, because a cold start spends its time
 * here.
 */
function copyValues(
  { form, rows, columns }: TensorPlace,
  plain: Float32Array,
  placed: Float32Array,
  write: boolean,
): void {
  const height = padded(rows);
  if (form === "panels") copyPanels(rows, columns, height, plain, placed, write);
  else if (form === "by-output") copyByOutput(rows, columns, height, plain, placed, write);
  else if (write) placed.set(plain);
  else plain.set(placed.subarray(0, columns));
}
function copyPanels(
  rows: number,
  columns: number,
  height: number,
  plain: Float32Array,
  placed: Float32Array,
  write: boolean,
): void {
  for (let first = 0; first < columns; first += 8) {
    const last = Math.min(first + 8, columns);
    for (let row = 0, to = first * height; row < rows; row++, to += 8) {
      for (let from = row * columns + first, end = row * columns + last, at = to; from < end; from++, at++) {
        if (write) placed[at] = plain[from] as number;
        else plain[from] = placed[at] as number;
      }
    }
  }
}

function copyByOutput(
  rows: number,
  columns: number,
  height: number,
  plain: Float32Array,
  placed: Float32Array,
  write: boolean,
): void {
  for (let column = 0; column < columns; column++) {
    for (let row = 0, from = column, to = column * height; row < rows; row++, from += columns, to++) {
      if (write) placed[to] = plain[from] as number;
      else plain[from] = placed[to] as number;
    }
  }
}

/** Copies a row-major tensor into its place, `offset` bytes further (its gradient, its moments). */
export function writeTensor(kernel: Kernel, place: TensorPlace, values: Float32Array, offset = 0): void {
  copyValues(place, values, kernel.floats(place.address + offset, placeLength(place)), true);
}

/** Copies a tensor out of its place, row-major. */
export function readTensor(kernel: Kernel, place: TensorPlace, offset = 0): Float32Array {
  const values = new Float32Array(place.rows * place.columns);
  copyValues(place, values, kernel.floats(place.address + offset, placeLength(place)), false);
  return values;
}

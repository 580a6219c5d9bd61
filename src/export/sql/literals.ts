/** A name in double quotes, as SQL has it. */
export const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text in single quotes. */
export const quotedText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A number of type DOUBLE: with an exponent, since without one it would be a decimal. */
export function doubleText(value: number): string {
  const text = (value + 0).toExponential().replace("e+", "E").replace("e", "E");
  return value < 0 ? `(${text})` : text;
}

/** The shortest decimal that is the same float32. */
export function singleText(value: number): string {
  return doubleText(shortest(value, (decimal) => Math.fround(decimal) === value));
}

/** The shortest decimal that parts the float32 numbers into the same two halves, up to the threshold and above it. */
export function thresholdText(threshold: number): string {
  const next = nextSingle(threshold);
  return doubleText(shortest(threshold, (decimal) => decimal >= threshold && decimal < next));
}

/** The decimal with the fewest digits that will do; the value itself does. */
function shortest(value: number, willDo: (decimal: number) => boolean): number {
  for (let digits = 1; digits < 17; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (willDo(decimal)) return decimal;
  }
  return value;
}

const single = new Float32Array(1);
const bits = new Int32Array(single.buffer);

/** The next float32 above a float32. */
function nextSingle(value: number): number {
  if (value === 0) return 2 ** -149;
  single[0] = value;
  bits[0] = (bits[0] as number) + (value > 0 ? 1 : -1);
  return single[0];
}

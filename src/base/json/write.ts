import { ChurnkitError } from "../errors.js";

const encoder = new TextEncoder();

/**
 * Readable and deterministic JSON: sorted keys, two spaces of indentation, lists of plain values on one line.
 * Undefined members are left out; numbers that are not finite are refused.
 *
 * @throws ChurnkitError OPTION_INVALID for a number that is not finite.
 */
export function readableJson(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(readableText(value));
}

/** {@link readableJson} as text. */
export const readableText = (value: unknown): string => `${write(value, "", "$")}\n`;

function write(value: unknown, indent: string, path: string): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The number ${value} at ${path} cannot be saved: JSON has no such number.`,
      {
        where: { path, value },
      },
    );
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const items = value.map((item: unknown, i) => write(item, deeper, `${path}[${i}]`));
    if (!value.some((item) => typeof item === "object" && item !== null)) return `[${items.join(", ")}]`;
    return `[\n${deeper}${items.join(`,\n${deeper}`)}\n${indent}]`;
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, member]) => `${JSON.stringify(key)}: ${write(member, deeper, `${path}.${key}`)}`);
  return members.length === 0 ? "{}" : `{\n${deeper}${members.join(`,\n${deeper}`)}\n${indent}}`;
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";

export const header = "id,tenure,plan,Churn";

/** Data rows of customers without a header: short tenures leave more often. */
export function rows(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, i) => {
    const id = first + i;
    const tenure = (id * 7919) % 72;
    const chance = (Math.imul(id + 1, 0x9e3779b1) >>> 8) % 100;
    return `${id},${tenure},${"abc"[(id * 31) % 3] ?? ""},${chance < (tenure < 24 ? 60 : 15) ? "Yes" : "No"}`;
  });
}

/** Writes lines, or bytes as they are, to a file in a folder; returns its name. */
export function put(folder: string, name: string, content: readonly string[] | Uint8Array): string {
  writeFileSync(join(folder, name), content instanceof Uint8Array ? content : `${content.join("\n")}\n`);
  return name;
}

/** The options that train the quickest model on {@link rows}. */
export const quick = ["--target", "Churn", "--positive", "Yes", "--id", "id", "--learner", "logistic"] as const;

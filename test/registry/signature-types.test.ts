import { describe, expect, it } from "vitest";
import type { Contract } from "../../src/data/contract/contract.js";
import { parseContract } from "../../src/data/contract/parse.js";
import { signatureHash, signatureOf } from "../../src/registry/signature/signature.js";
import { signatureTypes } from "../../src/registry/signature/signature-types.js";
import { errorsOf } from "./compile-texts.js";

const common = { role: "feature", nullable: false, optional: false, missing: [] } as const;
const contract: Contract = {
  format: 1,
  name: "churn",
  origin: "declared",
  columns: [
    { ...common, name: "customerId", kind: "text", role: "id" },
    { ...common, name: "tenure", kind: "number", integer: true, min: 0, max: 120, unit: "months" },
    {
      ...common,
      name: "monthly charge",
      kind: "number",
      integer: false,
      exclusiveMin: 0,
      multipleOf: 0.01,
      nullable: true,
    },
    { ...common, name: "paperless", kind: "boolean", truthy: ["yes"], falsy: ["no"], caseSensitive: false },
    { ...common, name: "joined", kind: "date", precision: "date", min: Date.UTC(2010, 0, 1), optional: true },
    { ...common, name: "plan", kind: "category", levels: ["basic", "plus"], open: false },
    { ...common, name: "city", kind: "category", levels: ["Oslo"], open: true, nullable: true, optional: true },
    { ...common, name: "note", kind: "text", maxLength: 80, default: "none" },
    { ...common, name: "churned", kind: "category", role: "target", levels: ["No", "Yes"], open: false },
  ],
  target: { column: "churned", classes: ["No", "Yes"], positive: "Yes" },
};

const changed = (name: string, changes: object): Contract => ({
  ...contract,
  columns: contract.columns.map((column) => (column.name === name ? { ...column, ...changes } : column)),
});

describe("signatureTypes", () => {
  it("writes test/types/churn.signature.ts, against which the types are tested", async () => {
    const text = await signatureTypes(signatureOf(contract), { name: "churn" });
    await expect(text).toMatchFileSnapshot("../types/churn.signature.ts");
    expect(text).toContain(await signatureHash(signatureOf(contract)));
  });

  it("keeps names and labels from becoming code", async () => {
    const hostile = `*/ export const stolen = 1; /* "'\`\\ \u2028\n//@ts-nocheck \${x}`;
    const odd = parseContract({
      ...contract,
      columns: [
        ...contract.columns.filter(({ name }) => name !== "plan"),
        { ...common, name: hostile, kind: "category", levels: [hostile, "*/"], open: false },
        { ...common, name: "number", kind: "number", integer: false, unit: hostile },
        { ...common, name: `id ${hostile}`, kind: "text", role: "id" },
      ],
    });
    const text = await signatureTypes(signatureOf(odd), { name: hostile });
    expect(
      text
        .split("\n")
        .filter(
          (line) =>
            line.includes("stolen") && !/^ {2}readonly "|^ {2}\/\*\* A number, unit "|^\/\*\* Made by/.test(line),
        ),
    ).toEqual([]);
    const consumer = `import { signatureHash, type ExportConstStolen1TsNocheckXRequest as Request } from "./odd.js";
      import * as everything from "./odd.js";
      const key: keyof Request = ${JSON.stringify(hostile)};
      const level: Request[typeof key] = ${JSON.stringify(hostile)};
      export const names: "signatureHash" = {} as keyof typeof everything;
      export { key, level, signatureHash };`;
    expect(
      errorsOf(
        new Map([
          ["odd.ts", text],
          ["consumer.ts", consumer],
        ]),
      ),
    ).toEqual([]);
    expect(
      errorsOf(
        new Map([
          ["odd.d.ts", text],
          ["consumer.ts", consumer],
        ]),
      ),
    ).toEqual([]);
  });

  it("calls the types after the model", async () => {
    const named = async (name: string): Promise<string | undefined> =>
      /interface (\w+)Request/.exec(await signatureTypes(signatureOf(contract), { name }))?.[1];
    expect(await Promise.all(["telco-churn", "", "7 up", "日本", "x".repeat(61)].map(named))).toEqual([
      "TelcoChurn",
      "Model",
      "Model",
      "Model",
      "Model",
    ]);
  });

  it("gives up on unions that are too large, and does without a target", async () => {
    const many = changed("plan", { levels: Array.from({ length: 1001 }, (_, i) => `level ${i}`) });
    expect(await signatureTypes(signatureOf(many), { name: "churn" })).toContain('readonly "plan": string;');
    const text = await signatureTypes({ ...signatureOf(contract), output: null }, { name: "churn" });
    expect(text).toContain("readonly prediction: string;");
    expect(errorsOf(new Map([["a.ts", text]]))).toEqual([]);
  });

  it("breaks the consumer's build where it is made anew from an incompatible signature", async () => {
    const hash = await signatureHash(signatureOf(contract));
    const requests = `import type { ChurnRequest, ChurnResponse } from "./NAME.js";
      export const request: ChurnRequest = { tenure: 3, "monthly charge": null, paperless: "yes", plan: "plus" };
      export const isChurn = ({ prediction }: ChurnResponse): boolean => prediction === "Yes";`;
    const pin = `import { signatureHash } from "./NAME.js";
      export const pinned: "${hash}" = signatureHash;`;
    const variants: Record<string, Contract> = {
      same: contract,
      wider: changed("plan", { levels: ["basic", "plus", "max"] }),
      without: changed("plan", { levels: ["basic"] }),
      needed: changed("joined", { optional: false }),
      filled: changed("monthly charge", { nullable: false }),
      kind: changed("tenure", { kind: "text" }),
      target: {
        ...changed("churned", { levels: ["no", "yes"] }),
        target: { column: "churned", classes: ["no", "yes"], positive: "yes" },
      },
    };
    const texts = new Map<string, string>();
    for (const [name, variant] of Object.entries(variants)) {
      texts.set(`${name}.ts`, await signatureTypes(signatureOf(variant), { name: "churn" }));
      texts.set(`${name}-requests.ts`, requests.replace("NAME", name));
      texts.set(`${name}-pin.ts`, pin.replace("NAME", name));
    }
    const broken = errorsOf(texts).map((error) => error.split(":")[0]);
    // A compatible signature leaves the types fit for what was written against the old ones; only a pin is stricter.
    expect([...new Set(broken)].sort()).toEqual(
      ["filled", "kind", "needed", "target", "wider", "without"].flatMap((name) =>
        name === "wider" ? [`${name}-pin.ts`] : [`${name}-pin.ts`, `${name}-requests.ts`],
      ),
    );
  });
});

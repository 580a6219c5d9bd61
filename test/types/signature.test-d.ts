import { describe, expectTypeOf, it } from "vitest";
import { signatureHash, type ChurnRequest, type ChurnResponse } from "./churn.signature.js";

// churn.signature.ts is what signatureTypes writes; test/registry/signature-types.test.ts keeps it so.

const request: ChurnRequest = { tenure: 3, "monthly charge": null, paperless: true, plan: "basic" };

describe("generated types", () => {
  it("take what the model takes", () => {
    expectTypeOf<ChurnRequest["plan"]>().toEqualTypeOf<"basic" | "plus">();
    expectTypeOf<ChurnRequest["monthly charge"]>().toEqualTypeOf<number | null>();
    expectTypeOf<ChurnRequest["joined"]>().toEqualTypeOf<string | Date | null | undefined>();
    expectTypeOf<ChurnRequest["customerId"]>().toBeUnknown();
    expectTypeOf<ChurnResponse["prediction"]>().toEqualTypeOf<"No" | "Yes">();
    expectTypeOf(request).toExtend<ChurnRequest>();
    const full: ChurnRequest = {
      ...request,
      customerId: 7,
      joined: "2024-03-31",
      city: "Bergen",
      note: null,
      paperless: "no",
    };
    expectTypeOf(full).toExtend<ChurnRequest>();
  });

  it("refuse a wrong column, level, kind and hash, and a missing column", () => {
    // @ts-expect-error there is no column "tenur"
    const misspelled: ChurnRequest = { tenur: 3, tenure: 3, "monthly charge": null, paperless: true, plan: "basic" };
    // @ts-expect-error "gold" is no level
    const level: ChurnRequest = { ...request, plan: "gold" };
    // @ts-expect-error tenure is a number
    const kind: ChurnRequest = { ...request, tenure: "3" };
    // @ts-expect-error tenure needs a value
    const missing: ChurnRequest = { ...request, tenure: null };
    // @ts-expect-error plan is missing
    const short: ChurnRequest = { tenure: 3, "monthly charge": null, paperless: true };
    // @ts-expect-error the consumer was made for another signature
    const pinned: "0123" = signatureHash;
    expectTypeOf([misspelled, level, kind, missing, short, pinned]).toBeArray();
  });
});

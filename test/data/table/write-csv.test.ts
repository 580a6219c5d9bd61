import { describe, expect, it } from "vitest";
import { csvLine } from "../../../src/data/table/write-csv.js";

describe("csvLine", () => {
  it("quotes what a reader would misread", () => {
    expect(csvLine(["a", "b,c", 'say "hi"', " blank", "two\nlines", 1.5, true, null, undefined])).toBe(
      'a,"b,c","say ""hi"""," blank","two\nlines",1.5,true,,\n',
    );
  });
});

import { ChurnkitError } from "../../../base/errors.js";

/** Limit of one row group, unpacked, in bytes: memory holds that much at once. */
const mostGroupBytes = 2 ** 30;

/**
 * Limits on what reading a file may cost, in proportion to its bytes. Runs and packing let a few bytes stand for any
 * number of values, so without a limit a small file could fill the memory. The limits are far above what real tables
 * need.
 */
export class ReadBudget {
  readonly #path: string;
  readonly #left: { cells: number; unpacked: number; text: number };

  constructor(path: string, fileBytes: number) {
    this.#path = path;
    this.#left = {
      cells: 2 ** 22 + 256 * fileBytes,
      unpacked: 2 ** 26 + 1024 * fileBytes,
      text: 2 ** 26 + 4096 * fileBytes,
    };
  }

  /**
   * @throws ChurnkitError INPUT_TOO_LARGE if a row group has more bytes than allowed in memory, or the file more than
   * its size allows.
   */
  group(bytes: number): void {
    if (bytes > mostGroupBytes)
      throw this.#tooLarge(
        `a row group claims ${bytes} bytes, more than ${mostGroupBytes}. Write it with smaller row groups.`,
      );
  }

  cells(count: number): void {
    this.#spend("cells", count, "cells");
  }

  unpacked(bytes: number): void {
    this.#spend("unpacked", bytes, "unpacked bytes");
  }

  text(bytes: number): void {
    this.#spend("text", bytes, "bytes of text");
  }

  #spend(kind: "cells" | "unpacked" | "text", count: number, what: string): void {
    this.#left[kind] -= count;
    if (this.#left[kind] < 0)
      throw this.#tooLarge(
        `it claims more ${what} than a file of its size should have. If that is correct, write the table as CSV.`,
      );
  }

  #tooLarge(why: string): ChurnkitError {
    return new ChurnkitError("INPUT_TOO_LARGE", `${this.#path}: ${why}`, { where: { file: this.#path } });
  }
}

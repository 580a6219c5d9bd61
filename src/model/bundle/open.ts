import { ChurnkitError } from "../../base/errors.js";
import type { Artifact } from "../artifact.js";
import { compile, type CompileOptions, type Scorer } from "../scoring/compile.js";
import { prepareKernel } from "../kinds/network/kernel.js";
import { unpackArchive, type ArchiveLimits } from "./archive.js";
import { readBundle, type BundleFiles, type BundleReader } from "./format.js";
import type { Manifest } from "./manifest.js";

/** Tolerance of golden scores between runtimes; a larger difference means that the model has changed. */
const goldenTolerance = 1e-6;

/** A bundle that has been read, verified and compiled. */
export interface Bundle<Request = unknown> {
  readonly manifest: Manifest;
  /**
   * Scoring does not need the baseline, metrics, provenance and extras. They are verified like the rest, but read on
   * first use.
   */
  readonly artifact: Artifact;
  readonly scorer: Scorer<Request>;
}

/** How to open a bundle. */
export interface OpenBundleOptions extends CompileOptions {
  /** Limits of what an archive may unpack to. */
  readonly limits?: ArchiveLimits | undefined;
}

/**
 * Opens a bundle that is already in memory, in any runtime: its files by path, a function that reads them, or the
 * bytes of its .tar.gz. Verifies
 * every file, compiles the model and reproduces its golden scores.
 *
 * @typeParam Request the caller's type of a record to score: `openBundle<RequestType<typeof customers>>(...)`.
 * @throws ChurnkitError BUNDLE_CORRUPT, BUNDLE_VERSION, BUNDLE_GOLDEN, BUNDLE_NOT_FOUND, ARCHIVE_UNSAFE, and as
 * {@link compile} does.
 */
export async function openBundle<Request = unknown>(
  source: BundleFiles | BundleReader | Uint8Array | ArrayBuffer,
  options: OpenBundleOptions = {},
): Promise<Bundle<Request>> {
  if (options.kernel === undefined) prepareKernel();
  const packed = source instanceof Uint8Array || source instanceof ArrayBuffer;
  const files = packed ? await unpackArchive(new Uint8Array(source), options.limits) : source;
  const { manifest, artifact } = await readBundle(files);
  const scorer: Scorer = await compile(artifact, options);
  checkGolden(artifact, scorer);
  return { manifest, artifact, scorer };
}

/**
 * Scores the artifact's golden rows again.
 *
 * @throws ChurnkitError BUNDLE_GOLDEN when one differs by more than 1e-6.
 */
function checkGolden({ golden, contract }: Artifact, scorer: Scorer): void {
  scorer.scoreRecords(golden.map(({ record }) => record)).forEach(({ probability }, i) => {
    const expected = golden[i]?.probability ?? NaN;
    if (probability !== null && Math.abs(probability - expected) <= goldenTolerance) return;
    throw new ChurnkitError(
      "BUNDLE_GOLDEN",
      `The model ${contract.name} gives golden row ${i} the score ${probability ?? "none"}, not ${expected} as when it was ` +
        "saved, so it is not safe to serve. The bundle or this runtime's arithmetic has changed.",
      { where: { file: "golden.json", row: i, value: probability } },
    );
  });
}

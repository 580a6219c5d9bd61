/** Measures of a model other than its answers. */
export const measures = {
  latencyMs: { label: "median time to score one record", unit: "ms" },
  bundleBytes: { label: "size of the bundle", unit: "bytes" },
} as const;

/** A name of {@link measures}. */
export type MeasureName = keyof typeof measures;

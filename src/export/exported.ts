import type { Artifact } from "../model/artifact.js";

/** What an export needs of an artifact. */
export type Exported = Pick<Artifact, "contract" | "recipe" | "model" | "calibration" | "decision">;

import { ChurnkitError } from "../../base/errors.js";

/** A part of CloudWatch that the rehearsal lacks, or a definition that CloudWatch would refuse. */
export const runtimeError = (message: string): ChurnkitError => new ChurnkitError("OPTION_INVALID", message);

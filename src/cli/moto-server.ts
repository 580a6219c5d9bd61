import { ChurnkitError } from "../base/errors.js";
import { note } from "./output.js";

/**
 * The emulator that is wished for: by its address, or moto's server on a free port of this machine, which ends with this process.
 *
 * @param wish an address, or `auto`.
 */
export async function openEmulator(
  wish: string | undefined,
): Promise<{ readonly place: { readonly emulator?: string }; readonly end: () => Promise<void> }> {
  const end = (): Promise<void> => Promise.resolve();
  if (wish !== "auto") return { place: wish === undefined ? {} : { emulator: wish }, end };
  const { startMoto } = await import("../rehearsal/moto.js");
  for (const python of ["python3", "python"]) {
    try {
      const { url, close } = await startMoto({ python });
      return { place: { emulator: url }, end: close };
    } catch (error) {
      if (!ChurnkitError.isInstance(error) || error.code !== "PEER_MISSING") throw error;
    }
  }
  note("note: without moto, S3, SNS, SQS, IAM and others are refused; pip install 'moto[server,all]' brings it");
  return { place: {}, end };
}

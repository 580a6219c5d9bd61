import { createSecureContext } from "node:tls";
import { ChurnkitError } from "../../base/errors.js";

/** Certificate chain and private key of a server, and the authorities of its clients: PEM. */
export interface Certificate {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly clientCa?: string | Buffer | undefined;
}

/** @throws ChurnkitError OPTION_INVALID for a certificate that is not valid or does not fit its key. */
export function checkCertificate({ cert, key, clientCa }: Certificate): void {
  try {
    createSecureContext({ cert, key, ca: clientCa });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The certificate and its key cannot be used: ${reason}. Give both as PEM, the key without a passphrase.`,
      { cause },
    );
  }
}

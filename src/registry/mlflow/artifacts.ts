import { ChurnkitError } from "../../base/errors.js";
import { isBundlePath, unsafePath } from "../../model/bundle/manifest.js";
import type { MlflowClient } from "./client.js";
import type { MlflowCall } from "./http.js";

/** A folder of artifacts, reached through the server: the client needs no rights at the bucket behind it. */
export interface ArtifactFolder {
  /** Undefined where there is no such file. */
  get(path: string): Promise<Uint8Array | undefined>;
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** Removes the folder with all that is in it; one that is not there is no error. */
  remove(): Promise<void>;
}

/** The longest file that is read: 1 GiB. */
const maxFileBytes = 2 ** 30;

/**
 * Opens a folder by the address that MLflow gives it, `mlflow-artifacts:/<experiment>/<run>/artifacts/...`.
 *
 * @throws ChurnkitError STORE_FAILED where it does not lie behind this server's artifact proxy.
 */
export function artifactFolder(client: MlflowClient, host: string, uri: string): ArtifactFolder {
  const base = `mlflow-artifacts/artifacts/${proxyPath(client, host, uri)}`;
  const fileCall = (method: MlflowCall["method"], path: string): MlflowCall => {
    if (!isBundlePath(path)) throw unsafePath(path);
    return { method, path: `${base}/${path}`, limit: maxFileBytes };
  };
  return {
    get: async (path) => client.bytes(fileCall("GET", path)),
    async put(path, bytes) {
      await client.call({ ...fileCall("PUT", path), body: bytes });
    },
    async remove() {
      await client.bytes({ method: "DELETE", path: base });
    },
  };
}

function proxyPath({ speaker }: MlflowClient, host: string, uri: string): string {
  const [, authority = "", path = ""] = /^mlflow-artifacts:(?:\/\/([^/?#]*))?\/+([^?#]+)$/.exec(uri) ?? [];
  const segments = path.split("/").filter((segment) => segment !== "");
  const safe = segments.length > 0 && segments.every((segment) => segment !== "." && segment !== ".." && !/[\\%\p{C}]/u.test(segment));
  if (safe && (authority === "" || authority === host)) return segments.map(encodeURIComponent).join("/");
  throw new ChurnkitError(
    "STORE_FAILED",
    `${speaker.name} keeps files at ${JSON.stringify(uri.slice(0, 200))}, which is not reached through the server. ` +
      "Start it with --serve-artifacts, and take an experiment that was made since: its artifact location begins with mlflow-artifacts:/.",
    { where: { value: uri.slice(0, 200) } },
  );
}

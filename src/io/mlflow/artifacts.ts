import { ChurnkitError } from "../../base/errors.js";
import { checkKey, type StoredStream } from "../store/index.js";
import type { Upload } from "./bytes.js";
import type { MlflowClient } from "./client.js";

/** A folder of artifacts, accessed through the server: the client needs no permissions on the bucket behind it. */
export interface ArtifactFolder {
  readonly name: string;
  /** Undefined if the file does not exist. */
  getStream(path: string): Promise<StoredStream | undefined>;
  put(path: string, upload: Upload): Promise<void>;
  /** Removes the folder and its contents; a missing one is not an error. */
  remove(): Promise<void>;
}

/**
 * Opens a folder by its address in MLflow, `mlflow-artifacts:/<experiment>/<run>/artifacts/...`.
 *
 * @throws ChurnkitError STORE_FAILED if it is not behind this server's artifact proxy.
 */
export function artifactFolder(client: MlflowClient, host: string, uri: string): ArtifactFolder {
  const base = `mlflow-artifacts/artifacts/${proxyPath(client, host, uri)}`;
  const at = (path: string): string => {
    checkKey(path);
    return `${base}/${path}`;
  };
  return {
    name: client.speaker.name,
    getStream: async (path) => client.stream({ method: "GET", path: at(path) }),
    async put(path, upload) {
      await client.call({ method: "PUT", path: at(path), upload });
    },
    async remove() {
      await client.find({ method: "DELETE", path: base });
    },
  };
}

function proxyPath({ speaker }: MlflowClient, host: string, uri: string): string {
  const [, authority = "", path = ""] = /^mlflow-artifacts:(?:\/\/([^/?#]*))?\/+([^?#]+)$/.exec(uri) ?? [];
  const segments = path.split("/").filter((segment) => segment !== "");
  const safe =
    segments.length > 0 &&
    segments.every((segment) => segment !== "." && segment !== ".." && !/[\\%\p{C}]/u.test(segment));
  // Never send this server's token to another one.
  if (safe && (authority === "" || authority === host)) return segments.map(encodeURIComponent).join("/");
  throw new ChurnkitError(
    "STORE_FAILED",
    `${speaker.name} keeps files at ${JSON.stringify(uri.slice(0, 200))}, which is not reachable through the server. ` +
      "Start it with --serve-artifacts, and use an experiment made after that: its artifact location begins with mlflow-artifacts:/.",
    { where: { value: uri.slice(0, 200) } },
  );
}

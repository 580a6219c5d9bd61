import type { AnsweredS3 } from "../front/front.js";

/** Puts `Object Created` on the bus where a bucket is to tell EventBridge of its objects, as S3 does. */
export function s3Events(emit: (detail: object) => void): (answered: AnsweredS3) => void {
  const telling = new Set<string>();
  return ({ method, url, body, asked, status, headers }) => {
    if (status >= 300) return;
    const { pathname, searchParams: query } = new URL(url, "http://s3");
    const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(pathname)) ?? [];
    if (key === "" && method === "PUT" && query.has("notification"))
      if (body.includes("EventBridgeConfiguration")) telling.add(bucket);
      else telling.delete(bucket);
    const reason = reasonOf(method, query, asked);
    if (key === "" || reason === undefined || !telling.has(bucket)) return;
    const version = headers["x-amz-version-id"];
    const size = Number(asked["x-amz-decoded-content-length"] ?? asked["content-length"] ?? 0);
    const etag = headers.etag?.replaceAll('"', "");
    emit({
      version: "0",
      bucket: { name: bucket },
      object: { key, size, etag, ...(version !== undefined && { "version-id": version }) },
      reason,
    });
  };
}

/** How a request made an object; undefined if it made none. */
function reasonOf(method: string, query: URLSearchParams, asked: AnsweredS3["asked"]): string | undefined {
  if (method === "POST") return query.has("uploadId") ? "CompleteMultipartUpload" : undefined;
  const isPart = ["uploadId", "tagging", "acl", "retention", "legal-hold"].some((name) => query.has(name));
  if (method !== "PUT" || isPart) return undefined;
  return asked["x-amz-copy-source"] === undefined ? "PutObject" : "CopyObject";
}

import type { Act } from "./policy.js";

/** The act of a request to S3, by its method and path: `PUT /bucket/key`. */
export function actOfS3(method: string, url: string): Act {
  const { pathname, searchParams: query } = new URL(url, "http://s3");
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(pathname)) ?? [];
  const arn = `arn:aws:s3:::${bucket}`;
  const of = (action: string, resource = arn, context = {}): Act => ({ action: `s3:${action}`, resource, context });
  if (key !== "") {
    const isTagging = query.has("tagging") ? "Tagging" : "";
    if (query.has("uploadId") && method === "GET") return of("ListMultipartUploadParts", `${arn}/${key}`);
    if (query.has("uploadId") && method === "DELETE") return of("AbortMultipartUpload", `${arn}/${key}`);
    const verb = { GET: "Get", HEAD: "Get", DELETE: "Delete" }[method] ?? "Put";
    const isVersion = query.has("versionId") ? "Version" : "";
    return of(`${verb}Object${isVersion}${isTagging}`, `${arn}/${key}`);
  }
  if (method === "POST" && query.has("delete")) return of("DeleteObject", `${arn}/*`);
  if (bucket === "") return of("ListAllMyBuckets", "*");
  if (method === "PUT" && query.size === 0) return of("CreateBucket");
  if (method === "DELETE" && query.size === 0) return of("DeleteBucket");
  if (method === "HEAD") return of("ListBucket");
  const setting = [...query.keys()].find((name) => name in settings) ?? "";
  if (setting in settings) return of(`${method === "GET" ? "Get" : "Put"}${settings[setting] ?? ""}`);
  return of("ListBucket", arn, { "s3:prefix": [query.get("prefix") ?? ""] });
}

/** What the query of a request about a bucket's settings means in its action. */
const settings: Readonly<Record<string, string>> = {
  encryption: "EncryptionConfiguration",
  lifecycle: "LifecycleConfiguration",
  location: "BucketLocation",
  notification: "BucketNotification",
  policy: "BucketPolicy",
  publicAccessBlock: "BucketPublicAccessBlock",
  tagging: "BucketTagging",
  versioning: "BucketVersioning",
};

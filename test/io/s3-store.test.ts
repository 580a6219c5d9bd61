import { objectStoreConformance } from "../conformance/object-store.js";
import { s3Servers } from "../helpers/aws.js";

for (const server of await s3Servers("S3 store")) {
  const prefix = server.name === "moto" ? "" : "models/churn";
  objectStoreConformance(`S3 on ${server.name}, prefix "${prefix}"`, () => server.store({ prefix }));
}

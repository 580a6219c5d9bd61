// What the scripts of this folder share: one POST /predict with a customer of IBM's Telco data, another for each request. Records
// for a model with other columns come from a file with a JSON array: -e BODIES=customers.json
import { check } from "k6";
import { SharedArray } from "k6/data";
import http from "k6/http";
import { customers } from "../serving/records.mjs";

const url = __ENV.URL || "http://127.0.0.1:8080";
const headers = { "content-type": "application/json" };
if (__ENV.KEY) headers["x-api-key"] = __ENV.KEY;

// One copy for all virtual users.
const records = new SharedArray("records", () =>
  __ENV.BODIES ? JSON.parse(open(__ENV.BODIES)) : customers(1000).map(({ features }) => features),
);

/** Sends one request. A 503 with `Retry-After` is an answer too, where the load is meant to be too much. */
export function predict({ overload = false } = {}) {
  const record = records[Math.floor(Math.random() * records.length)];
  const answer = http.post(`${url}/predict`, JSON.stringify(record), { headers });
  check(answer, {
    "is answered": ({ status }) => status === 200 || (overload && status === 503),
    "says when to come back": ({ status, headers: given }) => status !== 503 || given["Retry-After"] !== undefined,
  });
  return answer;
}

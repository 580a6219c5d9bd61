// Open loop: 500 requests a second over 100 connections for a minute.
//   k6 run [-e URL=http://127.0.0.1:8080] [-e KEY=ck_...] [-e RATE=500] [-e DURATION=60s] bench/k6/steady.js
import { predict } from "./server.js";

export const options = {
  scenarios: {
    steady: {
      executor: "constant-arrival-rate",
      rate: Number(__ENV.RATE || 500),
      timeUnit: "1s",
      duration: __ENV.DURATION || "60s",
      preAllocatedVUs: 100,
      maxVUs: 100,
    },
  },
  thresholds: {
    http_req_failed: ["rate==0"],
    http_req_duration: ["p(50)<5", "p(99)<25"],
    dropped_iterations: ["count==0"],
  },
};

export default function () {
  predict();
}

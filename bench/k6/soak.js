// Soak: a modest rate for as long as you like. Watch the server's memory beside it; `npm run bench:soak` does both.
//   k6 run [-e RATE=200] [-e DURATION=10m] bench/k6/soak.js
import { predict } from "./server.js";

export const options = {
  scenarios: {
    soak: {
      executor: "constant-arrival-rate",
      rate: Number(__ENV.RATE || 200),
      timeUnit: "1s",
      duration: __ENV.DURATION || "10m",
      preAllocatedVUs: 50,
    },
  },
  thresholds: { http_req_failed: ["rate==0"], http_req_duration: ["p(99)<50"] },
};

export default function () {
  predict();
}

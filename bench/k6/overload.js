// Overload: three times the peak for a minute, then a third of it. Tell what the server can do: -e PEAK=6000
//   k6 run -e PEAK=6000 [-e CONNECTIONS=1000] bench/k6/overload.js
import { Trend, Rate } from "k6/metrics";
import { predict } from "./server.js";

const peak = Number(__ENV.PEAK || 6000);
const connections = Number(__ENV.CONNECTIONS || 1000);
const accepted = new Trend("accepted", true);
const recovered = new Rate("recovered");

export const options = {
  scenarios: {
    flood: {
      executor: "constant-arrival-rate",
      exec: "flood",
      rate: 3 * peak,
      timeUnit: "1s",
      duration: "60s",
      preAllocatedVUs: connections,
      maxVUs: connections,
      gracefulStop: "5s",
    },
    after: {
      executor: "constant-arrival-rate",
      exec: "after",
      startTime: "65s",
      rate: Math.ceil(peak / 3),
      timeUnit: "1s",
      duration: "10s",
      preAllocatedVUs: 100,
    },
  },
  thresholds: { accepted: ["p(99)<250"], recovered: ["rate==1"] },
};

export function flood() {
  const { status, timings } = predict({ overload: true });
  if (status === 200) accepted.add(timings.duration);
}

export function after() {
  recovered.add(predict().status === 200);
}

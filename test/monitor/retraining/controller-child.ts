// Asks for retraining until it has run so often itself, and writes when each of its runs begins and ends.
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { retrainingController } from "../../../src/monitor/retraining/controller.js";
import { retrainingPolicy } from "../../../src/monitor/retraining/retraining-policy.js";
import { filesStore } from "../../../src/io/store/files/files-store.js";

const [folder = "", log = "", name = "", wanted = "1"] = process.argv.slice(2);
let done = 0;
// A killed process' lease ends soon; no living one takes so long.
const policy = retrainingPolicy({
  name: "churn",
  cooldownHours: 0,
  retryHours: 0,
  budget: { runs: 1000, perDays: 1 },
  leaseMinutes: name.startsWith("k") ? 0.1 : 15,
});
const controller = retrainingController(filesStore(folder), policy, {
  owner: name,
  async run() {
    appendFileSync(log, `${name} ${done} begin\n`);
    await sleep(3);
    appendFileSync(log, `${name} ${done} end\n`);
    done++;
  },
});
while (done < Number(wanted)) {
  await controller.reconcile({ manual: { by: name, reason: "test" } });
  await sleep(1);
}

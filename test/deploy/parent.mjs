// A program that deploys a model and then does what it is told: run by local.test.ts, killed or left to end.
import { setInterval } from "node:timers";
import { localDeployer } from "churnkit/deploy";

const [bundle, then] = process.argv.slice(2);
const deployer = localDeployer();
const first = await deployer.deploy({ name: "churn", version: "1", bundle });
const second = await deployer.deploy({ name: "churn", version: "2", bundle });
process.stdout.write(`${JSON.stringify([first.url, second.url])}\n`);
if (then === "stay") setInterval(() => undefined, 1000);
if (then === "throw") throw new Error("on purpose");

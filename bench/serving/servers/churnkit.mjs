// churnkit's server on a bundle, as `churnkit serve` sets it up.
import { loadBundle } from "churnkit/model";
import { createHandler, listen, prometheusMetrics } from "churnkit/serving";
import { ready } from "./ready.mjs";

const { scorer } = await loadBundle(process.argv[2]);
const metrics = process.argv[3] === "bare" ? undefined : prometheusMetrics("1");
const handler = createHandler({ scorer, name: "churn", version: "1", source: "local" }, { metrics });
ready((await listen(handler, { port: 0 })).port);

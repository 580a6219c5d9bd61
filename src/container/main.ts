#!/usr/bin/env node
import { runContainer } from "./run-container.js";

const ending = new AbortController();
// Only once: a second signal ends the process at once.
for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => ending.abort());

process.exit(await runContainer(process.argv.slice(2), { signal: ending.signal }));

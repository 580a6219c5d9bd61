#!/usr/bin/env node
import { exit } from "./output.js";
import { endWith, run } from "./program.js";

// A reader that closes the pipe early, as `head` does, is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exit.done);
});

run(process.argv.slice(2)).catch(endWith);

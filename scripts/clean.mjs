// The first step of the build: nothing of an earlier one may stay.
import { rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });

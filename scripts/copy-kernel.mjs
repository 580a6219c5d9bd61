// The last step of the build: puts the kernel beside the modules, for runtimes that import a .wasm file.
import { copyFileSync } from "node:fs";

copyFileSync("src/kernels/build/kernel.wasm", "dist/kernel.wasm");

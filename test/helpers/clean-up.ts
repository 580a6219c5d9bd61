// Runs for each test file. Files share a process and its modules: none may leave anything to the next.
import { afterAll, vi } from "vitest";
import { removeFolders } from "./folder.js";

afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  removeFolders();
});

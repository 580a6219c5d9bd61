import { memoryStore } from "../../src/io/memory-store.js";
import { objectStoreConformance } from "../conformance/object-store.js";

objectStoreConformance("memory", memoryStore);

import { memoryStore } from "../../src/io/store/memory-store.js";
import { objectStoreConformance } from "../conformance/object-store.js";

objectStoreConformance("memory", memoryStore);

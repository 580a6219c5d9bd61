import { wasmEngine } from "../../../src/model/kinds/network/wasm/engine.js";
import { tfjsEngine } from "../../../src/model/kinds/network/tfjs/engine.js";
import { enginesAgree } from "./engines-agree.js";

enginesAgree("wasm and tfjs on its cpu backend", wasmEngine(), tfjsEngine({ backend: "cpu" }));
enginesAgree("wasm and tfjs on its wasm backend", wasmEngine(), tfjsEngine({ backend: "wasm" }));

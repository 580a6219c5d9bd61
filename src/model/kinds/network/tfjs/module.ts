import type * as Core from "@tensorflow/tfjs-core";
import type * as Layers from "@tensorflow/tfjs-layers";
import { ChurnkitError } from "../../../../base/errors.js";

/** Part of TF.js that the engine uses, whichever package it came from. */
export type Tf = typeof Core & Pick<typeof Layers, "loadLayersModel">;

/** Packages of the backends that `tfjsEngine` can import itself. */
const backendPackages: Readonly<Record<string, string>> = {
  cpu: "@tensorflow/tfjs-backend-cpu",
  wasm: "@tensorflow/tfjs-backend-wasm",
  webgl: "@tensorflow/tfjs-backend-webgl",
  webgpu: "@tensorflow/tfjs-backend-webgpu",
  tensorflow: "@tensorflow/tfjs-node",
};

/**
 * Returns TF.js with the backend registered and initialized. The process's current backend is unchanged.
 *
 * @param given the caller's TF.js module, with its backend registered; without it the packages are imported.
 */
export async function loadTf(backend: string, given: object | undefined): Promise<Tf> {
  restoreNodeUtil();
  const tf = given === undefined ? await importTf(backend) : asTf(given);
  const before = (tf.getBackend() as string | undefined) ?? "";
  const ready = await tf.setBackend(backend).catch((cause: unknown) => {
    const hint = backend in backendPackages ? ` Import ${backendPackages[backend] ?? ""} first.` : "";
    throw new ChurnkitError("OPTION_INVALID", `TF.js has no backend named "${backend}" registered.${hint}`, { cause });
  });
  if (!ready)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `TF.js cannot start its backend "${backend}" on this runtime. Choose another.`,
    );
  if (before !== "" && before !== backend) await tf.setBackend(before);
  return tf;
}

async function importTf(backend: string): Promise<Tf> {
  if (!Object.hasOwn(backendPackages, backend)) {
    const known = Object.keys(backendPackages).join(", ");
    const message = `No package is known for the TF.js backend "${backend}". Use one of ${known}, or pass your own module as tf.`;
    throw new ChurnkitError("OPTION_INVALID", message);
  }
  const backendPackage = backendPackages[backend] ?? "";
  if (backend === "tensorflow") return asTf(await imported(backendPackage, [backendPackage]));
  const packages = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-layers", backendPackage];
  const [core = {}, layers = {}] = await Promise.all(packages.map((name) => imported(name, packages)));
  return asTf({ ...core, ...layers });
}

async function imported(name: string, packages: readonly string[]): Promise<object> {
  try {
    const module = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as { default?: object };
    // Node wraps a CommonJS package: only `default` reliably has all of its exports.
    return module.default ?? module;
  } catch (cause) {
    const message = `The tfjs engine needs packages that cannot be loaded here: npm install ${packages.join(" ")}`;
    throw new ChurnkitError("PEER_MISSING", message, { where: { value: name }, cause });
  }
}

function asTf(module: object): Tf {
  const names = ["loadLayersModel", "variableGrads", "setBackend", "tidy"];
  const missing = names.filter((name) => typeof (module as Record<string, unknown>)[name] !== "function");
  if (missing.length === 0) return module as Tf;
  const message = `The option tf is not a TF.js module with layers (it lacks ${missing.join(", ")}). Pass @tensorflow/tfjs or tfjs-node.`;
  throw new ChurnkitError("OPTION_INVALID", message);
}

/** tfjs-node 4.22 still calls two helpers that later versions of Node removed from `util`. */
function restoreNodeUtil(): void {
  const node = globalThis.process as { getBuiltinModule?: (id: string) => object } | undefined;
  const util = node?.getBuiltinModule?.("util") as Record<string, unknown> | undefined;
  if (util === undefined) return;
  util["isNullOrUndefined"] ??= (value: unknown) => value === null || value === undefined;
  util["isArray"] ??= Array.isArray;
}

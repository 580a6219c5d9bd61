// Preloaded by tests of the example: its rehearsal is then the one of watched-rehearsal.mjs.
import { register } from "node:module";

const watched = new URL("watched-rehearsal.mjs", import.meta.url).href;
const hooks = `export const resolve = (specifier, context, next) =>
  specifier === "churnkit/rehearsal" && context.parentURL !== ${JSON.stringify(watched)}
    ? { url: ${JSON.stringify(watched)}, format: "module", shortCircuit: true }
    : next(specifier, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

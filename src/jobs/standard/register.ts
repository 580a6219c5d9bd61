import { list, oneOf, optional, strictObject, text, withDefault } from "../../base/json/index.js";
import { version } from "../../base/version.js";
import { ChurnkitError } from "../../base/errors.js";
import { gates as namedGates } from "../../registry/gates/index.js";
import { promoteJudged } from "../../registry/promote-judged.js";
import type { PromotionResult } from "../../registry/registry.js";
import { defineJob } from "../job.js";

const params = strictObject({
  alias: optional(text(100)),
  gates: withDefault(list(oneOf(Object.values(namedGates).map(({ name }) => name)), 20), []),
  by: optional(text(100)),
  description: optional(text(1024)),
});

/**
 * Registers a model and, if an alias is named, points it to the version if it passes the gates on the given rows, or
 * unjudged without rows. The same model remains the same version, and an alias that already points to it stays.
 */
export const register = defineJob({
  name: "register",
  version,
  inputs: { model: "bundle", rows: "table?" },
  outputs: { version: "json" },
  params,
  effect: "registry",
  async run({ inputs: { model, rows }, params: { alias, gates, by, description }, key, registry }) {
    if (registry === undefined || (gates.length > 0 && rows === undefined))
      throw new ChurnkitError(
        "OPTION_INVALID",
        registry === undefined
          ? "There is no registry to register in. Give one."
          : "Gates need rows to judge the model on. Give the step an input named rows, or remove the gates from its params.",
      );
    const { version: registered } = await registry.register(model.artifact, { by, description, run: { runId: key } });
    const { number, semver, contentHash } = registered;
    const promote = async (to: string): Promise<PromotionResult> => {
      const previous = (await registry.aliases()).get(to) ?? null;
      if (previous === number) return { promoted: true, version: number, previous };
      if (rows === undefined) return registry.promote(number, to, { by });
      const judged = gates.map((name) => namedGates[name]);
      return (await promoteJudged(registry, number, { to, rows, gates: judged, by })).promotion;
    };
    return {
      version: { number, semver, contentHash, promotion: alias === undefined ? null : await promote(alias) },
    };
  },
});

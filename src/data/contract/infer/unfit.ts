import { columnFinding } from "../finding.js";
import type { Finding } from "../rules.js";
import type { ColumnType } from "../zod/lowered.js";
import { isWhole, maxLevels, sumOf } from "./column.js";
import { namesId, namesPerson } from "./names.js";
import { mixedReason } from "./notes.js";
import type { ColumnFacts } from "./tally.js";

/** Explains why a column identifies its row; undefined if it does not. */
function idReason(name: string, facts: ColumnFacts, type: ColumnType): string | undefined {
  const { present, distinct } = facts;
  if (present < 20) return undefined;
  // A sketch's count is off by 1.6 % (one standard error).
  const unique = distinct >= (facts.labels === undefined ? 0.93 : 0.95) * present;
  if (type.kind === "number") {
    if (!isWhole(facts) || !unique) return undefined;
    if (facts.sequential && present >= 50) return "it numbers the rows";
    return namesId(name) ? "it has a different whole number in (nearly) every row" : undefined;
  }
  if (type.kind !== "category") return undefined;
  if (unique) return "it has a different label in (nearly) every row";
  if (namesPerson(name) && distinct > maxLevels) return "it names a person";
  return undefined;
}

/**
 * Returns the first reason against using a column as a feature.
 *
 * @param wanted whether the caller asked for this text.
 */
export function unfitFinding(name: string, facts: ColumnFacts, type: ColumnType, wanted: boolean): Finding | undefined {
  const rows = facts.present + facts.empty + sumOf(facts.markers);
  if (facts.present === 0) return columnFinding("allMissing", name, rows, "every value is missing, so it is left out");
  if (facts.distinct === 1 && facts.present === rows) {
    const [only = ""] = facts.labels?.keys() ?? [];
    return columnFinding(
      "constant",
      name,
      rows,
      `it is ${JSON.stringify(only.slice(0, 40))} in every row, so it is left out`,
    );
  }
  if (wanted) return undefined;
  const reason = type.kind === "text" ? "it holds free text" : idReason(name, facts, type);
  if (reason === undefined) return undefined;
  const rule = type.kind === "text" ? "freeText" : "idLike";
  const mixed = mixedReason(facts, type);
  if (mixed !== undefined) {
    return columnFinding(rule, name, facts.present, `${mixed}. As nearly every cell differs, it is left out`, {
      severity: "warning",
    });
  }
  if (rule === "freeText")
    return columnFinding(
      rule,
      name,
      facts.present,
      `${reason} and is left out; to learn from it, name it as a text (--text)`,
    );
  const message = `${reason}, so it is left out; name it as an id, or declare it a feature if it is one`;
  return columnFinding(rule, name, facts.present, message);
}

import { count, number, object, optional, record, text, type Decoder } from "../../base/json/index.js";

/** Origin of a version; plain JSON. Hashes are SHA-256 in hex. */
export interface Lineage {
  /** Hash of the training table's content: the version of the data. */
  readonly dataHash: string;
  readonly contractHash: string;
  readonly recipeHash: string;
  readonly modelHash: string;
  readonly signatureHash: string;
  readonly gitCommit?: string | undefined;
  /** Number of the version that this one follows. */
  readonly parent?: number | undefined;
  /** The run of a tracker. */
  readonly runId?: string | undefined;
  readonly seed: number;
  readonly environment: { readonly versions: Readonly<Record<string, string>>; readonly platform?: string | undefined };
  readonly trainedBy?: string | undefined;
  /** ISO 8601. */
  readonly trainedAt?: string | undefined;
  /** A host, job or notebook. */
  readonly trainedWhere?: string | undefined;
}

/** Reads a lineage from JSON. */
export const parseLineage: Decoder<Lineage> = object({
  dataHash: text(),
  contractHash: text(),
  recipeHash: text(),
  modelHash: text(),
  signatureHash: text(),
  gitCommit: optional(text()),
  parent: optional(count(1)),
  runId: optional(text()),
  seed: number(),
  environment: object({ versions: record(text()), platform: optional(text()) }),
  trainedBy: optional(text()),
  trainedAt: optional(text()),
  trainedWhere: optional(text()),
});

/** Facts of a version for the graph. */
export interface VersionLineage {
  readonly number: number;
  readonly semver: string;
  readonly lineage: Lineage;
  readonly aliases: readonly string[];
}

/** The versions that were trained on this version of the data. */
export function versionsUsingData<V extends Pick<VersionLineage, "lineage">>(
  versions: readonly V[],
  dataHash: string,
): V[] {
  return versions.filter(({ lineage }) => lineage.dataHash === dataHash);
}

/** Kind of a node. */
export type LineageNodeKind = "version" | "data" | "contract" | "recipe" | "commit" | "run";

/** A node of a lineage graph. */
export interface LineageNode {
  /** Its kind and its name: `version:3`, `data:<hash>`. */
  readonly id: string;
  readonly kind: LineageNodeKind;
  /** For people. */
  readonly label: string;
}

/** An edge of a lineage graph, from a source to its result. */
export interface LineageEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "parent" | "data" | "contract" | "recipe" | "commit" | "run";
}

/** Versions and their sources; plain JSON. */
export interface LineageGraph {
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
}

const short = (hash: string): string => (/^[0-9a-f]{16,}$/.test(hash) ? hash.slice(0, 12) : hash);

/**
 * The graph of versions, their data, contract, recipe, commit and run, and the versions they followed. A parent that
 * is not among the versions (deleted, or not listed) is still a node.
 */
export function lineageGraph(versions: readonly VersionLineage[]): LineageGraph {
  const nodes = new Map<string, LineageNode>();
  const edges: LineageEdge[] = [];
  const add = (kind: LineageNodeKind, key: string | number, label: string): string => {
    const id = `${kind}:${key}`;
    if (!nodes.has(id)) nodes.set(id, { id, kind, label });
    return id;
  };
  for (const { number, semver, aliases } of versions) {
    add("version", number, [`version ${number} (${semver})`, ...aliases].join(", "));
  }
  for (const { number, lineage } of versions) {
    const to = `version:${number}`;
    const { parent, dataHash, contractHash, recipeHash, gitCommit, runId } = lineage;
    if (parent !== undefined) edges.push({ from: add("version", parent, `version ${parent}`), to, kind: "parent" });
    const made = { data: dataHash, contract: contractHash, recipe: recipeHash, commit: gitCommit, run: runId };
    for (const [name, key] of Object.entries(made)) {
      const kind = name as keyof typeof made;
      if (key !== undefined) edges.push({ from: add(kind, key, `${kind} ${short(key)}`), to, kind });
    }
  }
  return { nodes: [...nodes.values()], edges };
}

const shapes: Readonly<Record<LineageNodeKind, readonly [open: string, close: string]>> = {
  version: ["[", "]"],
  data: ["[(", ")]"],
  contract: ["([", "])"],
  recipe: ["([", "])"],
  commit: ["{{", "}}"],
  run: [">", "]"],
};

/** Encodes every character that Mermaid or HTML could interpret as a numbered entity. */
const escaped = (label: string): string =>
  Array.from(label.slice(0, 200), (character) =>
    /[A-Za-z0-9 .,()_-]/.test(character) ? character : `#${character.codePointAt(0) ?? 0};`,
  ).join("");

/** The graph as a Mermaid flow chart; labels are escaped. */
export function lineageMermaid({ nodes, edges }: LineageGraph): string {
  const names = new Map(nodes.map(({ id }, i) => [id, `n${i}`]));
  const lines = nodes.map(({ kind, label }, i) => `  n${i}${shapes[kind][0]}"${escaped(label)}"${shapes[kind][1]}`);
  const arrows = edges.flatMap(({ from, to, kind }) => {
    const [a, b] = [names.get(from), names.get(to)];
    return a === undefined || b === undefined ? [] : [`  ${a} -->${kind === "parent" ? "|parent|" : ""} ${b}`];
  });
  return ["flowchart LR", ...lines, ...arrows, ""].join("\n");
}

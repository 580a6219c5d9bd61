import { oneOf, JsonValue, utf8Text, readableJson } from "../../base/json/index.js";
import type { ModelNode } from "../artifact.js";
import { modelKinds } from "../scoring/compile.js";
import { writeClasses } from "../kinds/classes/score.js";
import { writeEnsemble } from "../kinds/ensemble/score.js";
import { writeLinear } from "../kinds/linear/score.js";
import type { ModelKind, ModelWriter, ReadContext, WriteContext } from "../kinds/model-kind.js";
import { writeNetwork } from "../kinds/network/score.js";
import { writeTreesModel } from "../kinds/trees/score.js";
import { corrupt } from "../corrupt.js";

const scorerPath = "scorer.json";
/** Ensembles of ensembles of ... deeper than this are refused. */
const maxDepth = 8;
const kindName = oneOf(Object.keys(modelKinds) as ModelNode["kind"][]);

const writers: { readonly [Kind in ModelNode["kind"]]: ModelWriter<Extract<ModelNode, { kind: Kind }>> } = {
  network: writeNetwork,
  linear: writeLinear,
  trees: writeTreesModel,
  ensemble: writeEnsemble,
  classes: writeClasses,
};

/** Writes the model as `scorer.json`, one folder `networks/<i>/` for each network and `trees/<i>/` for each set of trees. */
export function writeModel(model: ModelNode, files: Map<string, Uint8Array<ArrayBuffer>>): void {
  const folders = { networks: 0, trees: 0 };
  const context: WriteContext = {
    addFolder(group, contents) {
      const folder = `${group}/${folders[group]++}`;
      for (const [name, bytes] of contents) files.set(`${folder}/${name}`, bytes);
      return folder;
    },
    write: (node) => ({ kind: node.kind, ...(writers[node.kind] as ModelWriter<ModelNode>)(node, context) }),
  };
  // `outputs` is 1 as long as all models are binary; a reader refuses models that it cannot score.
  files.set(scorerPath, readableJson({ outputs: 1, model: context.write(model) }));
}

/** Reads the files of {@link writeModel}. */
export function readModel(file: (path: string) => Uint8Array): ModelNode {
  const json = JsonValue.parse(file(scorerPath), scorerPath, corrupt);
  if (json.get("outputs").value !== 1)
    throw json.get("outputs").not("1, the number of outputs this version can score,");
  let depth = 0;
  const context: ReadContext = {
    file,
    json: jsonReader(file),
    read(node: JsonValue) {
      if (++depth > maxDepth) throw node.refused(`nests models more than ${maxDepth} deep`);
      const kind = modelKinds[kindName(node.get("kind"))] as ModelKind<ModelNode>;
      const model = kind.read(node, context);
      depth--;
      return model;
    },
  };
  return context.read(json.get("model"));
}

function jsonReader(file: (path: string) => Uint8Array): ReadContext["json"] {
  const known = new Map<string, { readonly read: unknown; readonly result: unknown }>();
  return <T>(path: string, read: (json: JsonValue) => T): T => {
    const text = utf8Text(file(path), path, corrupt);
    const same = known.get(text);
    // The same function already read the same text.
    if (same?.read === read) return same.result as T;
    const result = read(JsonValue.parse(text, path, corrupt));
    known.set(text, { read, result });
    return result;
  };
}

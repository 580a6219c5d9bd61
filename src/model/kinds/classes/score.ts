import { count, numbers, type JsonValue } from "../../../base/json/index.js";
import { mostClasses } from "../../../data/table/index.js";
import type { ClassesModel } from "../../artifact.js";
import { kernelUseOfAny, type ModelKind, type ModelWriter } from "../model-kind.js";
import { classesScorer } from "./classes-scorer.js";

/** One model for each class. */
export const classesKind: ModelKind<ClassesModel> = {
  read(json, context) {
    const members = json.get("members").items(mostClasses);
    if (members.length < 3) throw json.get("members").not("at least three members");
    return {
      kind: "classes",
      positive: count(0, members.length - 1)(json.get("positive")),
      slopes: oneEach(json.get("slopes"), members.length),
      biases: oneEach(json.get("biases"), members.length),
      members: members.map((member) => context.read(member)),
    };
  },
  kernelUse: ({ members }, useOf) => kernelUseOfAny(members.map(useOf)),
  scorer: (model, context) =>
    classesScorer(
      model.members.map((member) => context.scorerOf(member)),
      model,
    ),
};

function oneEach(json: JsonValue, members: number): number[] {
  const values = numbers(mostClasses)(json);
  if (values.length !== members) throw json.not(`${members} numbers, one for each member`);
  return values;
}

export const writeClasses: ModelWriter<ClassesModel> = ({ members, positive, slopes, biases }, context) => ({
  members: members.map((member) => context.write(member)),
  positive,
  slopes,
  biases,
});

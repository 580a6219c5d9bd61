import type { Parameter } from "@aws-sdk/client-sagemaker";
import type { PipelineDefinition } from "../../../deploy/aws/index.js";
import { invalid } from "../../front/aws-error.js";

type Declared = PipelineDefinition["Parameters"][number];
type Values = Readonly<Record<string, string | number | boolean>>;

/** The values of a definition's parameters in an execution: those given, and defaults. */
export function parametersOf(declared: readonly Declared[], given: readonly Parameter[] = []): Values {
  const texts = new Map(given.map(({ Name = "", Value = "" }) => [Name, Value]));
  const unknown = [...texts.keys()].find((name) => !declared.some(({ Name }) => Name === name));
  if (unknown !== undefined) throw invalid(`The pipeline has no parameter ${unknown}.`);
  return Object.fromEntries(
    declared.map((parameter) => {
      const { Name, DefaultValue } = parameter;
      const text = texts.get(Name);
      const value = text === undefined ? DefaultValue : valueOf(parameter, text);
      if (value === undefined) throw invalid(`The parameter ${Name} has no default, and no value was given.`);
      return [Name, value];
    }),
  );
}

function valueOf({ Name, Type, EnumValues }: Declared, text: string): string | number | boolean {
  const refuse = (expected: string): never => {
    throw invalid(`The value ${JSON.stringify(text)} of the parameter ${Name} must be ${expected}.`);
  };
  if (EnumValues?.includes(text) === false) refuse(`one of ${EnumValues.join(", ")}`);
  if (Type === "String") return text;
  if (Type === "Boolean") return /^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : refuse("a Boolean");
  const value = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) && (Type === "Float" || Number.isInteger(value)) ? value : refuse(`of type ${Type}`);
}

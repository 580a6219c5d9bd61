import type { Construct } from "constructs";
import { releaseMachine } from "../aws/states/release-machine.js";
import { functionArn, type FunctionsProps, releaseStepOf } from "./functions.js";
import { machineOf, type MachineProps } from "./machine.js";

/** What takes an approved version into production: the state machine that the function `approved` starts, and the function that it calls. */
export function releaseOf(
  scope: Construct,
  topic: string,
  functions: FunctionsProps,
  machine: Pick<MachineProps, "target" | "role" | "references" | "logs">,
): void {
  const step = functionArn(machine.target, "release-step");
  const { functionArn: made } = releaseStepOf(scope, functions);
  machineOf(scope, "ReleaseMachine", {
    ...machine,
    name: "release",
    references: { ...machine.references, [step]: made },
    definition: releaseMachine(machine.target, { topic, function: step }),
  });
}

import type {
  CreateStateMachineInput,
  DescribeExecutionInput,
  DescribeStateMachineInput,
  ListExecutionsInput,
  StartExecutionInput,
  StopExecutionInput,
  UpdateStateMachineInput,
} from "@aws-sdk/client-sfn";
import { parseJson } from "../../base/json/index.js";
import { AwsError } from "../front/aws-error.js";
import type { Service } from "../front/front.js";
import { arnOf } from "../place.js";
import type { StateMachine } from "../../deploy/aws/index.js";
import { executionsOf, type Machine, type StatesOptions } from "./executions.js";
import { StateFault } from "./fault.js";
import { loadLanguages } from "./interpreter.js";

/** Step Functions: standard state machines and their executions. */
export function statesService(options: StatesOptions): Service {
  const { place, clock } = options;
  const machines = new Map<string, Machine>();
  const executions = executionsOf(options);

  function machineOf(arn: string | undefined): Machine {
    const machine = machines.get(arn ?? "");
    if (machine === undefined) throw new AwsError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${arn}'`);
    return machine;
  }

  return {
    CreateStateMachine: async ({ name = "", definition = "", roleArn = "" }: CreateStateMachineInput) => {
      const machine = await machineFrom(definition);
      const stateMachineArn = arnOf(place, "states", `stateMachine:${name}`);
      const former = machines.get(stateMachineArn);
      if (former !== undefined && former.definition !== definition)
        throw new AwsError("StateMachineAlreadyExists", `State Machine Already Exists: '${stateMachineArn}'`);
      machines.set(stateMachineArn, { stateMachineArn, name, roleArn, definition, machine });
      return { stateMachineArn, creationDate: clock.now() / 1000 };
    },
    UpdateStateMachine: async ({ stateMachineArn, definition, roleArn }: UpdateStateMachineInput) => {
      const former = machineOf(stateMachineArn);
      const text = definition ?? former.definition;
      const changes = { definition: text, machine: await machineFrom(text), roleArn: roleArn ?? former.roleArn };
      machines.set(former.stateMachineArn, { ...former, ...changes });
      return { updateDate: clock.now() / 1000 };
    },
    DescribeStateMachine: (input: DescribeStateMachineInput) => {
      const { stateMachineArn, name, definition, roleArn } = machineOf(input.stateMachineArn);
      return { stateMachineArn, name, definition, roleArn, type: "STANDARD", status: "ACTIVE" };
    },
    DeleteStateMachine: ({ stateMachineArn }: DescribeStateMachineInput) => void machines.delete(stateMachineArn ?? ""),
    ListStateMachines: () => ({
      stateMachines: [...machines.values()].map(({ stateMachineArn, name }) => ({
        stateMachineArn,
        name,
        type: "STANDARD",
      })),
    }),
    StartExecution: ({ stateMachineArn, name, input = "{}" }: StartExecutionInput) => {
      const { executionArn, startDate } = executions.start(machineOf(stateMachineArn), name, input);
      return { executionArn, startDate };
    },
    DescribeExecution: ({ executionArn }: DescribeExecutionInput) => executions.find(executionArn),
    StopExecution: ({ executionArn, error = "", cause = "" }: StopExecutionInput) => {
      executions.stop(executionArn, new StateFault(error, cause));
      return { stopDate: clock.now() / 1000 };
    },
    ListExecutions: ({ stateMachineArn, statusFilter }: ListExecutionsInput) => {
      const { stateMachineArn: arn } = machineOf(stateMachineArn);
      const isListed = (status: string): boolean => statusFilter === undefined || statusFilter === status;
      return { executions: executions.all().filter((each) => each.stateMachineArn === arn && isListed(each.status)) };
    },
  };
}

/** The machine in a definition; what its execution needs is loaded now, while time stands still. */
async function machineFrom(text: string): Promise<StateMachine> {
  const machine = machineIn(text);
  await loadLanguages(machine);
  return machine;
}

function machineIn(text: string): StateMachine {
  try {
    const machine = parseJson(text) as Partial<StateMachine> | null;
    if (typeof machine?.StartAt === "string" && typeof machine.States === "object") return machine as StateMachine;
  } catch {
    // Falls through to the error, which says the same.
  }
  throw new AwsError("InvalidDefinition", "Invalid State Machine Definition: it needs StartAt and States.");
}

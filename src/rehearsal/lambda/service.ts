import type {
  AddPermissionRequest,
  CreateEventSourceMappingRequest,
  CreateFunctionRequest,
  RemovePermissionRequest,
  UpdateEventSourceMappingRequest,
} from "@aws-sdk/client-lambda";
import { AwsError } from "../front/aws-error.js";
import type { Service } from "../front/front.js";
import { arnOf, type AwsPlace } from "../place.js";
import type { Functions } from "./functions.js";
import type { Mappings } from "./mappings.js";

/** Lambda's own calls, for templates: functions are those of this process, and here only their settings are kept. */
export interface LambdaService {
  readonly service: Service;
  /** ARN of the queue for events that a function could not handle. */
  readonly deadLetters: (name: string) => string | undefined;
}

interface Kept {
  readonly settings: CreateFunctionRequest;
  readonly permissions: Map<string, AddPermissionRequest>;
}

export function lambdaService(place: AwsPlace, functions: Functions, mappings: Mappings): LambdaService {
  const kept = new Map<string, Kept>();
  const nameOf = (name = ""): string => name.replace(/^arn:.*:function:([^:]+).*$/, "$1");

  function find(name: string | undefined): Kept {
    const found = kept.get(nameOf(name));
    if (found === undefined) throw new AwsError("ResourceNotFoundException", `Function not found: ${name ?? ""}`, 404);
    return found;
  }

  const described = ({ settings }: Kept): object => ({
    ...settings,
    Code: undefined,
    FunctionArn: arnOf(place, "lambda", `function:${settings.FunctionName ?? ""}`),
    State: "Active",
  });

  const changed = (settings: Partial<CreateFunctionRequest>): object => {
    const former = find(settings.FunctionName);
    const next = {
      ...former,
      settings: { ...former.settings, ...settings, FunctionName: former.settings.FunctionName },
    };
    kept.set(nameOf(settings.FunctionName), next);
    return described(next);
  };

  const service: Service = {
    CreateFunction: (settings: CreateFunctionRequest) => {
      const name = settings.FunctionName ?? "";
      if (kept.has(name)) throw new AwsError("ResourceConflictException", `Function already exist: ${name}`, 409);
      if (!functions.has(name))
        throw new AwsError(
          "ResourceNotFoundException",
          `The rehearsal has no function ${name}: give it to rehearse({ functions: { ${JSON.stringify(name)}: ... } }).`,
          404,
        );
      const made = { settings, permissions: new Map<string, AddPermissionRequest>() };
      kept.set(name, made);
      return described(made);
    },
    // The code is that of this process.
    UpdateFunctionCode: ({ FunctionName }: CreateFunctionRequest) => described(find(FunctionName)),
    UpdateFunctionConfiguration: changed,
    DeleteFunction: ({ FunctionName }: CreateFunctionRequest) => {
      find(FunctionName);
      kept.delete(nameOf(FunctionName));
    },
    ListFunctions: () => ({ Functions: [...kept.values()].map(described) }),
    AddPermission: (request: AddPermissionRequest) => {
      const { permissions } = find(request.FunctionName);
      const id = request.StatementId ?? "";
      if (permissions.has(id)) throw new AwsError("ResourceConflictException", `The statement ${id} exists.`, 409);
      permissions.set(id, request);
      return { Statement: JSON.stringify(request) };
    },
    RemovePermission: ({ FunctionName, StatementId = "" }: RemovePermissionRequest) =>
      void find(FunctionName).permissions.delete(StatementId),
    ...mappingCalls(mappings, find),
  };
  return { service, deadLetters: (name) => kept.get(nameOf(name))?.settings.DeadLetterConfig?.TargetArn };
}

/** The calls for queues whose messages a function gets. */
function mappingCalls(mappings: Mappings, findFunction: (name: string | undefined) => unknown): Service {
  let ids = 0;

  function find(UUID = ""): CreateEventSourceMappingRequest {
    const found = mappings.get(UUID);
    if (found === undefined) throw new AwsError("ResourceNotFoundException", `There is no mapping ${UUID}.`, 404);
    return found;
  }

  return {
    CreateEventSourceMapping: (request: CreateEventSourceMappingRequest) => {
      findFunction(request.FunctionName);
      const UUID = `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`;
      mappings.put(UUID, request);
      return { UUID, ...request };
    },
    UpdateEventSourceMapping: ({ UUID, ...settings }: UpdateEventSourceMappingRequest) => {
      const next = { ...find(UUID), ...settings };
      mappings.put(UUID ?? "", next);
      return { UUID, ...next };
    },
    DeleteEventSourceMapping: ({ UUID = "" }: { readonly UUID?: string }) => {
      const removed = find(UUID);
      mappings.remove(UUID);
      return { UUID, ...removed };
    },
  };
}

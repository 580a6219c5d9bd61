import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { ChurnkitError } from "../../../base/errors.js";
import { parseJson } from "../../../base/json/index.js";

/** What is read of botocore's service-2.json. */
export interface ServiceModel {
  readonly metadata?: { readonly protocol: string };
  readonly operations: Readonly<Record<string, Operation>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

export interface Operation {
  readonly http: { readonly method: string; readonly requestUri: string };
  readonly input?: { readonly shape: string };
}

export interface Member {
  readonly shape: string;
  readonly idempotencyToken?: boolean;
  /** Where a request of a REST protocol has it; otherwise in the body. */
  readonly location?: "uri" | "querystring" | "header" | "headers";
  readonly locationName?: string;
  /** Its name in forms of EC2, where that is no other one. */
  readonly queryName?: string;
}

export interface Shape {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, Member>>;
  readonly member?: Member;
  readonly key?: Member;
  readonly value?: Member;
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly union?: boolean;
  readonly document?: boolean;
  readonly eventstream?: boolean;
  /** The member that is the whole body. */
  readonly payload?: string;
}

/** Finds AWS's model of a service by botocore's name of it: `cloudwatch`, `stepfunctions`. */
export type ServiceModels = (service: string) => ServiceModel | undefined;

/**
 * The newest models in botocore's folder `data`.
 *
 * @throws ChurnkitError INPUT_NOT_FOUND.
 */
export function serviceModels(folder: string): ServiceModels {
  if (!existsSync(resolve(folder, "sts")))
    throw new ChurnkitError(
      "INPUT_NOT_FOUND",
      `${folder} is not botocore's folder of service models. Give the folder site-packages/botocore/data of a Python installation.`,
      { where: { file: folder } },
    );
  const known = new Map<string, ServiceModel | undefined>();
  return (service) => {
    if (!known.has(service)) known.set(service, read(resolve(folder, service)));
    return known.get(service);
  };
}

function read(folder: string): ServiceModel | undefined {
  if (!existsSync(folder)) return undefined;
  const plain = resolve(folder, readdirSync(folder).sort().at(-1) ?? "", "service-2.json");
  const bytes = existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`));
  return parseJson(bytes.toString("utf8")) as ServiceModel;
}

import type { ServeRequest } from "../../http.js";

type Texts = Readonly<Record<string, string | undefined>>;

/** An event of API Gateway (HTTP and REST APIs), a function URL or an Application Load Balancer, as far as a request needs it. */
export interface LambdaHttpEvent {
  /** `2.0` from HTTP APIs and function URLs. */
  readonly version?: string | undefined;
  readonly rawPath?: string | undefined;
  readonly rawQueryString?: string | undefined;
  readonly path?: string | undefined;
  readonly httpMethod?: string | undefined;
  readonly headers?: Texts | null | undefined;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null | undefined;
  readonly queryStringParameters?: Texts | null | undefined;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>> | null | undefined;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean | undefined;
  readonly requestContext?:
    | {
        readonly stage?: string | undefined;
        readonly http?: { readonly method?: string | undefined; readonly sourceIp?: string | undefined } | undefined;
        readonly identity?: { readonly sourceIp?: string | undefined } | undefined;
        readonly elb?: unknown;
      }
    | undefined;
}

/** The request of an event, all but its body. */
export function requestOf(event: LambdaHttpEvent): Omit<ServeRequest, "body"> {
  const { requestContext: context = {} } = event;
  const headers = headersOf(event);
  if (event.rawPath !== undefined) {
    return {
      method: context.http?.method ?? "GET",
      path: belowStage(event.rawPath, context.stage),
      query: event.rawQueryString ?? "",
      headers,
      address: context.http?.sourceIp,
    };
  }
  return {
    method: event.httpMethod ?? "GET",
    path: event.path ?? "/",
    query: queryOf(event),
    headers,
    // A load balancer appends the address it got the request from.
    address: context.identity?.sourceIp ?? headers["x-forwarded-for"]?.split(",").at(-1)?.trim(),
  };
}

/** HTTP APIs put the stage before the path, unless it is the default one. */
function belowStage(path: string, stage: string | undefined): string {
  if (stage === undefined || stage === "$default" || !`${path}/`.startsWith(`/${stage}/`)) return path;
  return path.slice(stage.length + 1) || "/";
}

function headersOf({ headers, multiValueHeaders }: LambdaHttpEvent): Record<string, string | undefined> {
  const joined = Object.entries(multiValueHeaders ?? {}).map(([name, values]) => [name, values?.join(", ")] as const);
  const all = joined.length > 0 ? joined : Object.entries(headers ?? {});
  // A header named __proto__ stays a header.
  return Object.fromEntries(all.map(([name, value]) => [name.toLowerCase(), value]));
}

/** REST APIs decode the parameters, a load balancer leaves them as they were sent. */
function queryOf({
  queryStringParameters: single,
  multiValueQueryStringParameters: multiple,
  requestContext,
}: LambdaHttpEvent): string {
  const encode = requestContext?.elb === undefined ? encodeURIComponent : (text: string) => text;
  const pairs =
    multiple !== undefined && multiple !== null
      ? Object.entries(multiple).flatMap(([name, values]) => (values ?? []).map((value) => [name, value] as const))
      : Object.entries(single ?? {}).map(([name, value]) => [name, value ?? ""] as const);
  return pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
}

import type { RestModel } from "../../front/rest.js";
import type { Member, Shape } from "../../front/shapes/model.js";

const own = (name: string): string => `X-Amzn-SageMaker-${name}`;

/** An input of an endpoint's name, headers and a body of bytes. */
function input(headers: Readonly<Record<string, string>>): Shape {
  const name: Member = { shape: "Text", location: "uri", locationName: "EndpointName" };
  const inHeaders = Object.entries(headers).map(([member, locationName]): [string, Member] => [
    member,
    { shape: "Text", location: "header", locationName },
  ]);
  const members = { EndpointName: name, Body: { shape: "Bytes" }, ...Object.fromEntries(inHeaders) };
  return { type: "structure", payload: "Body", members };
}

const shared = { CustomAttributes: own("Custom-Attributes"), InferenceId: own("Inference-Id") };

/** SageMaker's runtime, which is a REST service: what the rehearsal knows of it. */
export const runtimeModel: RestModel = {
  operations: {
    InvokeEndpoint: {
      http: { method: "POST", requestUri: "/endpoints/{EndpointName}/invocations" },
      input: { shape: "Invocation" },
    },
    InvokeEndpointAsync: {
      http: { method: "POST", requestUri: "/endpoints/{EndpointName}/async-invocations" },
      input: { shape: "AsyncInvocation" },
    },
  },
  shapes: {
    Text: { type: "string" },
    Bytes: { type: "blob" },
    Invocation: input({
      ...shared,
      ContentType: "Content-Type",
      Accept: "Accept",
      TargetModel: own("Target-Model"),
      TargetVariant: own("Target-Variant"),
    }),
    AsyncInvocation: input({
      ...shared,
      ContentType: own("Content-Type"),
      Accept: own("Accept"),
      InputLocation: own("InputLocation"),
    }),
  },
  answers: {
    InvokeEndpoint: {
      status: 200,
      headers: {
        ContentType: "Content-Type",
        InvokedProductionVariant: "x-Amzn-Invoked-Production-Variant",
        CustomAttributes: own("Custom-Attributes"),
      },
      body: "Body",
    },
    InvokeEndpointAsync: {
      status: 202,
      headers: { OutputLocation: own("OutputLocation"), FailureLocation: own("FailureLocation") },
    },
  },
};

type Fields = Readonly<
  Record<string, { readonly type: string; readonly id: number; readonly rule?: "repeated"; readonly keyType?: string }>
>;
interface Message {
  readonly fields: Fields;
  readonly nested?: Readonly<Record<string, Message>>;
}

/** Fields by name, numbered from 1 in order: `string`, `[string]` for a list, `{string}` for a map from text. */
function message(types: Readonly<Record<string, string>>, nested?: Readonly<Record<string, Message>>): Message {
  const fields = Object.entries(types).map(([name, written], i) => {
    const type = written.replace(/[[\]{}]/g, "");
    const id = i + 1;
    if (written.startsWith("[")) return [name, { rule: "repeated", type, id }] as const;
    return [name, written.startsWith("{") ? { keyType: "string", type, id } : { type, id }] as const;
  });
  return { fields: Object.fromEntries<Fields[string]>(fields), ...(nested === undefined ? {} : { nested }) };
}

const tensor = {
  name: "string",
  datatype: "string",
  shape: "[int64]",
  parameters: "{InferParameter}",
  contents: "InferTensorContents",
};
const model = { name: "string", version: "string" };
const methods = ["ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer"];

/** The messages and the service of the Open Inference Protocol over gRPC, as protobufjs reads them. */
export const inferenceMessages = {
  nested: {
    inference: {
      nested: {
        GRPCInferenceService: {
          methods: Object.fromEntries(
            methods.map((name) => [name, { requestType: `${name}Request`, responseType: `${name}Response` }]),
          ),
        },
        ServerLiveRequest: message({}),
        ServerLiveResponse: message({ live: "bool" }),
        ServerReadyRequest: message({}),
        ServerReadyResponse: message({ ready: "bool" }),
        ModelReadyRequest: message(model),
        ModelReadyResponse: message({ ready: "bool" }),
        ServerMetadataRequest: message({}),
        ServerMetadataResponse: message({ name: "string", version: "string", extensions: "[string]" }),
        ModelMetadataRequest: message(model),
        ModelMetadataResponse: message(
          {
            name: "string",
            versions: "[string]",
            platform: "string",
            inputs: "[TensorMetadata]",
            outputs: "[TensorMetadata]",
          },
          { TensorMetadata: message({ name: "string", datatype: "string", shape: "[int64]" }) },
        ),
        ModelInferRequest: message(
          {
            model_name: "string",
            model_version: "string",
            id: "string",
            parameters: "{InferParameter}",
            inputs: "[InferInputTensor]",
            outputs: "[InferRequestedOutputTensor]",
            raw_input_contents: "[bytes]",
          },
          {
            InferInputTensor: message(tensor),
            InferRequestedOutputTensor: message({ name: "string", parameters: "{InferParameter}" }),
          },
        ),
        ModelInferResponse: message(
          {
            model_name: "string",
            model_version: "string",
            id: "string",
            parameters: "{InferParameter}",
            outputs: "[InferOutputTensor]",
            raw_output_contents: "[bytes]",
          },
          { InferOutputTensor: message(tensor) },
        ),
        InferParameter: {
          oneofs: { parameter_choice: { oneof: ["bool_param", "int64_param", "string_param"] } },
          ...message({ bool_param: "bool", int64_param: "int64", string_param: "string" }),
        },
        InferTensorContents: message({
          bool_contents: "[bool]",
          int_contents: "[int32]",
          int64_contents: "[int64]",
          uint_contents: "[uint32]",
          uint64_contents: "[uint64]",
          fp32_contents: "[float]",
          fp64_contents: "[double]",
          bytes_contents: "[bytes]",
        }),
      },
    },
  },
};

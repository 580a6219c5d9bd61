import { contentsOf, tensorValues, type TensorContents } from "./tensor-values.js";

export type Members = Readonly<Record<string, unknown>>;
/** The request of a call, and what becomes of the JSON that answers it. */
export interface Translation {
  readonly path: string;
  readonly body?: unknown;
  /** Tensors behind the JSON of the body, as bytes. */
  readonly tensors?: readonly Uint8Array[];
  /** @param binary the bytes behind the JSON of the answer. */
  readonly answered: (value: Members, binary: Uint8Array) => Members;
}

const unchanged = (value: Members): Members => value;

/** How each call reads as a request to the routes under /v2. */
export const calls: Readonly<Record<string, (message: Members) => Translation>> = {
  ServerLive: () => ({ path: "/v2/health/live", answered: unchanged }),
  ServerReady: () => ({ path: "/v2/health/ready", answered: unchanged }),
  ServerMetadata: () => ({ path: "/v2", answered: unchanged }),
  ModelReady: ({ name, version }) => ({ path: `${modelPath(name, version)}/ready`, answered: unchanged }),
  ModelMetadata: ({ name, version }) => ({ path: modelPath(name, version), answered: unchanged }),
  ModelInfer: (message) => {
    const tensors = message["raw_input_contents"] as readonly Uint8Array[];
    return {
      path: `${modelPath(message["model_name"], message["model_version"])}/infer`,
      body: inferBody(message, tensors),
      tensors,
      // In the form in which the inputs came: clients that send raw bytes read nothing else.
      answered: tensors.length > 0 ? rawAnswer : typedAnswer,
    };
  },
};

const modelPath = (name: unknown, version: unknown): string =>
  `/v2/models/${encodeURIComponent(String(name))}${version === "" ? "" : `/versions/${encodeURIComponent(String(version))}`}`;

/** Raw contents are what the binary extension of HTTP sends behind the JSON. */
function inferBody({ id, inputs, outputs }: Members, raw: readonly Uint8Array[]): Members {
  const tensors = inputs as readonly {
    name: string;
    datatype: string;
    shape: readonly number[];
    contents: TensorContents | null;
  }[];
  const asked = (outputs as readonly { name: string }[]).map(({ name }) => ({ name }));
  return {
    ...(id === "" ? {} : { id }),
    parameters: { binary_data_output: raw.length > 0 },
    inputs: tensors.map((tensor, i) => ({
      name: tensor.name,
      datatype: tensor.datatype,
      shape: tensor.shape,
      ...(raw.length > 0 ? { parameters: { binary_data_size: raw[i]?.length ?? 0 } } : { data: tensorValues(tensor) }),
    })),
    ...(asked.length === 0 ? {} : { outputs: asked }),
  };
}

const withParameters = ({ parameters, ...rest }: Members): Members => ({
  ...rest,
  parameters: Object.fromEntries(
    Object.entries(parameters as Members).map(([name, value]) => [name, { string_param: String(value) }]),
  ),
});

function typedAnswer(value: Members): Members {
  const tensors = value["outputs"] as readonly (Members & { datatype: string; data: readonly unknown[] })[];
  return {
    ...withParameters(value),
    outputs: tensors.map(({ data, ...tensor }) => ({ ...tensor, contents: contentsOf(tensor.datatype, data) })),
  };
}

function rawAnswer(value: Members, binary: Uint8Array): Members {
  const tensors = value["outputs"] as readonly (Members & { parameters: { binary_data_size: number } })[];
  let at = 0;
  return {
    ...withParameters(value),
    outputs: tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
    raw_output_contents: tensors.map(({ parameters }) => binary.subarray(at, (at += parameters.binary_data_size))),
  };
}

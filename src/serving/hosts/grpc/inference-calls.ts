import { contentsOf, rawOf, tensorValues, type TensorContents } from "./tensor-values.js";

export type Members = Readonly<Record<string, unknown>>;
/** The request of a call, and what becomes of the JSON that answers it. */
export interface Translation {
  readonly path: string;
  readonly body?: unknown;
  readonly answered: (value: Members) => Members;
}

const unchanged = (value: Members): Members => value;

/** How each call reads as a request to the routes under /v2. */
export const calls: Readonly<Record<string, (message: Members) => Translation>> = {
  ServerLive: () => ({ path: "/v2/health/live", answered: unchanged }),
  ServerReady: () => ({ path: "/v2/health/ready", answered: unchanged }),
  ServerMetadata: () => ({ path: "/v2", answered: unchanged }),
  ModelReady: ({ name, version }) => ({ path: `${modelPath(name, version)}/ready`, answered: unchanged }),
  ModelMetadata: ({ name, version }) => ({ path: modelPath(name, version), answered: unchanged }),
  ModelInfer: (message) => ({
    path: `${modelPath(message["model_name"], message["model_version"])}/infer`,
    body: inferBody(message),
    // In the form in which the inputs came: clients that send raw bytes read nothing else.
    answered: inferAnswer((message["raw_input_contents"] as readonly unknown[]).length > 0),
  }),
};

const modelPath = (name: unknown, version: unknown): string =>
  `/v2/models/${encodeURIComponent(String(name))}${version === "" ? "" : `/versions/${encodeURIComponent(String(version))}`}`;

function inferBody({ id, inputs, outputs, raw_input_contents: raw }: Members): Members {
  const tensors = inputs as readonly {
    name: string;
    datatype: string;
    shape: readonly number[];
    contents: TensorContents | null;
  }[];
  const bytes = raw as readonly Uint8Array[];
  const asked = (outputs as readonly { name: string }[]).map(({ name }) => ({ name }));
  return {
    ...(id === "" ? {} : { id }),
    inputs: tensors.map((tensor, i) => ({
      name: tensor.name,
      datatype: tensor.datatype,
      shape: tensor.shape,
      data: tensorValues(tensor, bytes.length === 0 ? undefined : (bytes[i] ?? new Uint8Array())),
    })),
    ...(asked.length === 0 ? {} : { outputs: asked }),
  };
}

const inferAnswer =
  (raw: boolean) =>
  ({ parameters, outputs, ...rest }: Members): Members => {
    const tensors = outputs as readonly (Members & { datatype: string; data: readonly unknown[] })[];
    return {
      ...rest,
      parameters: Object.fromEntries(
        Object.entries(parameters as Members).map(([name, value]) => [name, { string_param: String(value) }]),
      ),
      outputs: tensors.map(({ data, ...tensor }) =>
        raw ? tensor : { ...tensor, contents: contentsOf(tensor.datatype, data) },
      ),
      raw_output_contents: raw ? tensors.map(({ datatype, data }) => rawOf(datatype, data)) : [],
    };
  };

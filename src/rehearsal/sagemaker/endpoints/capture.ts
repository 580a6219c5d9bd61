import type { CreateEndpointConfigInput } from "@aws-sdk/client-sagemaker";
import type { VirtualClock } from "../../clock.js";
import type { Objects } from "../objects.js";

/** One side of a request, as it is captured. */
export interface CapturedSide {
  readonly type: string;
  readonly body: Uint8Array;
}

export interface CapturedRequest {
  readonly endpoint: string;
  readonly variant: string;
  readonly eventId: string;
  readonly input: CapturedSide;
  readonly output: CapturedSide;
  readonly inferenceId?: string | undefined;
  readonly customAttributes?: string | undefined;
  readonly isShadow: boolean;
}

type CaptureConfig = NonNullable<CreateEndpointConfigInput["DataCaptureConfig"]>;

/** Virtual milliseconds after which captured requests are written. */
const writeAfterMs = 60_000;

/** Data capture: requests and answers as lines of JSON in a bucket, a file for each minute and variant. */
export interface DataCapture {
  take(config: CaptureConfig, request: CapturedRequest): void;
  /** Writes what is held. */
  flush(): Promise<void>;
}

interface Held {
  readonly begin: number;
  readonly lines: string[];
  readonly cancel: () => void;
}

/**
 * @param random draws which requests are captured.
 * @param onLost is told what could not be written.
 */
export function dataCapture(
  clock: VirtualClock,
  objects: Objects,
  random: () => number,
  onLost: (reason: string) => void,
): DataCapture {
  const held = new Map<string, Held>();

  async function write(prefix: string): Promise<void> {
    const group = held.get(prefix);
    if (group === undefined) return;
    held.delete(prefix);
    group.cancel();
    const at = new Date(group.begin).toISOString().slice(14, 23).replace(/[:.]/g, "-");
    const text = group.lines.map((line) => `${line}\n`).join("");
    try {
      await objects.put(`${prefix}/${at}-${uuid(random)}.jsonl`, new TextEncoder().encode(text));
    } catch (error) {
      onLost(`${prefix}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  return {
    take(config, request) {
      const { EnableCapture = true, InitialSamplingPercentage = 100, DestinationS3Uri = "" } = config;
      if (!EnableCapture || random() * 100 >= InitialSamplingPercentage) return;
      const hour = new Date(clock.now()).toISOString().slice(0, 13).replace(/[-T]/g, "/");
      const prefix = `${DestinationS3Uri.replace(/\/$/, "")}/${request.endpoint}/${request.variant}/${hour}`;
      const line = JSON.stringify(captureDocument(config, request, clock.now()));
      const group = held.get(prefix);
      if (group !== undefined) return void group.lines.push(line);
      const cancel = clock.at(clock.now() + writeAfterMs, () => {
        clock.during(() => write(prefix)).catch(() => undefined);
      });
      held.set(prefix, { begin: clock.now(), lines: [line], cancel });
    },
    async flush() {
      for (const prefix of [...held.keys()]) await write(prefix);
    },
  };
}

function captureDocument(config: CaptureConfig, request: CapturedRequest, time: number): object {
  const modes = (config.CaptureOptions ?? []).map(({ CaptureMode = "" }) => CaptureMode);
  const captures = (mode: string): boolean => modes.some((each) => each === mode || each === "InputAndOutput");
  const side = ({ type, body }: CapturedSide, mode: string): object => {
    const encoding = encodingOf(type, config.CaptureContentTypeHeader);
    const data = Buffer.from(body).toString(encoding === "BASE64" ? "base64" : "utf8");
    return { observedContentType: type, mode, data, encoding };
  };
  return {
    captureData: {
      ...(captures("Input") ? { endpointInput: side(request.input, "INPUT") } : {}),
      ...(captures("Output") ? { endpointOutput: side(request.output, "OUTPUT") } : {}),
    },
    eventMetadata: {
      eventId: request.eventId,
      ...(request.customAttributes === undefined ? {} : { customAttributes: [request.customAttributes] }),
      ...(request.inferenceId === undefined ? {} : { inferenceId: request.inferenceId }),
      ...(request.isShadow ? { invocationSource: "ShadowExperiment" } : {}),
      inferenceTime: new Date(time).toISOString().replace(/\.\d+Z$/, "Z"),
    },
    eventVersion: "0",
  };
}

/** Content whose type the configuration names is text, and all other base64. */
function encodingOf(type: string, header: CaptureConfig["CaptureContentTypeHeader"]): "CSV" | "JSON" | "BASE64" {
  const [plain = ""] = type.split(";");
  if (header?.CsvContentTypes?.includes(plain) === true) return "CSV";
  return header?.JsonContentTypes?.includes(plain) === true ? "JSON" : "BASE64";
}

/** A random id in the form of a UUID. */
export function uuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

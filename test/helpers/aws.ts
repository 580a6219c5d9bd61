import { CreateBucketCommand, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect } from "vitest";
import type { S3StoreOptions } from "../../src/io/store/s3/connection.js";
import { s3Store } from "../../src/io/store/s3/store.js";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import { recordRequests, type RequestRecord } from "./botocore.js";
import { awsPython, motoClient, sharedMoto } from "./moto.js";
import { hasVersitygw, sharedVersitygw } from "./versitygw.js";

/** An S3 server that is there while a test file runs. */
export interface S3Server {
  readonly name: string;
  /** Endpoint, region, credentials. */
  config(): S3ClientConfig & { readonly endpoint: string };
  /** A new client, every request of which is checked against AWS's model of S3 when the file ends. */
  client(config?: S3ClientConfig): S3Client;
  /** Makes a bucket that no other test has. */
  bucket(): Promise<string>;
  /** Adds an account that may do nothing but what a bucket's policy allows it, where the server knows accounts. */
  addUser(accessKeyId: string, secretAccessKey: string): Promise<void>;
  /** A store in a new bucket. */
  store(options?: Partial<S3StoreOptions>): Promise<ObjectStore>;
}

interface Running {
  readonly config: S3ClientConfig & { readonly endpoint: string };
  readonly addUser?: (accessKeyId: string, secretAccessKey: string) => Promise<void>;
}

let made = 0;

/** Bucket names are unique among the test processes that share a server. */
const newName = (): string => `bucket-${process.pid}-${++made}`;

/**
 * Waits for a server before the tests of the file; after them, what they sent is held against botocore's model of S3,
 * which neither server does.
 */
function running(name: string, start: () => Promise<Running>): S3Server {
  let server: Running | undefined;
  const records: RequestRecord[] = [];
  // A client's first request takes long: those who need none of their own share one.
  let common: S3Client | undefined;
  beforeAll(async () => {
    server = await start();
  }, 60_000);
  afterAll(() => {
    common?.destroy();
    expect(records.flatMap((record) => record.problems())).toEqual([]);
  });
  const config: S3Server["config"] = () => {
    if (server === undefined) throw new Error(`${name} is not running yet`);
    return server.config;
  };
  const client: S3Server["client"] = (more) => {
    const one = new S3Client({ ...config(), forcePathStyle: true, ...more });
    records.push(recordRequests(one));
    return one;
  };
  const shared = (): S3Client => (common ??= client());
  const bucket = async (): Promise<string> => {
    const Bucket = newName();
    await shared().send(new CreateBucketCommand({ Bucket }));
    return Bucket;
  };
  return {
    name,
    config,
    client,
    bucket,
    addUser: async (accessKeyId, secretAccessKey) => server?.addUser?.(accessKeyId, secretAccessKey),
    store: async (options) => s3Store({ client: shared(), ...options, bucket: options?.bucket ?? (await bucket()) }),
  };
}

/** The S3 servers that can be had here, for tests of `purpose`: moto, and versitygw, which checks signatures. */
export async function s3Servers(purpose: string): Promise<S3Server[]> {
  const servers: S3Server[] = [];
  // botocore's models are in the same environment as moto: without it there are no such tests at all.
  if (!(await awsPython(purpose))) return servers;
  servers.push(running("moto", async () => ({ config: motoClient((await sharedMoto()).url) })));
  if (await hasVersitygw(purpose)) {
    servers.push(
      running("versitygw", async () => {
        const { url: endpoint, credentials, addUser } = await sharedVersitygw();
        return { config: { endpoint, region: "us-east-1", credentials }, addUser };
      }),
    );
  }
  return servers;
}

import type { Worker } from "node:cluster";

/** What Node's cluster sends with a connection, and what comes back when the worker has taken it. */
interface ClusterMessage {
  readonly cmd?: string;
  readonly act?: string;
  readonly seq?: number;
  readonly ack?: number;
}

/**
 * Has connections served by others that were on their way to a worker when it ended. Node's cluster forgets them, and their callers
 * would wait for ever: here the primary is told what a worker says that is closing, namely that it takes no more. Nothing has been
 * read of such a connection, because a worker says that it takes it before it reads.
 */
export function handBack(worker: Worker): void {
  const underWay = new Set<number>();
  const { process: child } = worker;
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  child.send = (...args: unknown[]) => {
    const [{ act, seq }] = args as [ClusterMessage];
    if (act === "newconn" && seq !== undefined) underWay.add(seq);
    return send(...args);
  };
  child.on("internalMessage", ({ ack }: ClusterMessage) => {
    if (ack !== undefined) underWay.delete(ack);
  });
  const giveBack = (): void => {
    for (const ack of underWay) child.emit("internalMessage", { cmd: "NODE_CLUSTER", ack, accepted: false });
    underWay.clear();
  };
  // Node strikes a worker off its list at either, and where a connection is under way the first may never come.
  worker.once("disconnect", giveBack);
  worker.once("exit", () => {
    if (!worker.isConnected()) giveBack();
  });
  // A message to a process that has just ended fails; its end is told in any case.
  worker.on("error", () => undefined);
}

import cluster, { type Worker } from "node:cluster";

/** A message of the cluster's own. Not public, so it may look different one day; then nothing is done. */
interface ClusterMessage {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: unknown;
  /** In an answer, the `seq` of what it answers. */
  readonly ack?: unknown;
}

/** An accepted connection, as libuv has it. */
interface Handle {
  close(): void;
}

type Send = (message: ClusterMessage | null, handle?: Handle, ...rest: readonly unknown[]) => boolean;

/**
 * Has connections that were on their way to `worker` when it ended go to another. The cluster hands one to a worker, keeps it open until the
 * worker says that it took it, and waits for ever where that has died meanwhile: its client is never answered, and the primary
 * has one file descriptor less. To the cluster such a worker has said that it takes no more. Where there is no other they are closed.
 */
export function reclaimHandedConnections(worker: Worker): void {
  const { process: child } = worker;
  const underWay = new Map<unknown, Handle | undefined>();
  const send = child.send.bind(child) as unknown as Send;
  child.send = ((message: ClusterMessage | null, handle?: Handle, ...rest: readonly unknown[]) => {
    if (message?.cmd === "NODE_CLUSTER" && message.act === "newconn") underWay.set(message.seq, handle);
    return send(message, handle, ...rest);
  }) as typeof child.send;
  child.on("internalMessage", ({ ack }: ClusterMessage) => underWay.delete(ack));
  worker.once("disconnect", () => {
    const hasOthers = Object.values(cluster.workers ?? {}).some((each) => isListening(each));
    for (const [ack, handle] of underWay) {
      if (hasOthers) child.emit("internalMessage", { cmd: "NODE_CLUSTER", ack, accepted: false });
      else handle?.close();
    }
  });
  tellDisconnect(child);
}

/** What the cluster itself goes by. */
function isListening(worker: Worker | undefined): boolean {
  return (worker as { readonly state?: unknown } | undefined)?.state === "listening";
}

/**
 * Node leaves "disconnect" out where a connection is on its way, for which it waits to be confirmed (seen in 20 to 26): whoever goes by that
 * would take a worker that was killed for one that serves. "close" comes once the channel and the process have ended.
 */
function tellDisconnect(child: Worker["process"]): void {
  let isTold = false;
  child.once("disconnect", () => (isTold = true));
  child.once("close", () => {
    if (!isTold) child.emit("disconnect");
  });
}

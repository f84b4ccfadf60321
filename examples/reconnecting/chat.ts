import { connect, socketOf } from "halyard/client";
import { ReconnectingSocket } from "halyard/reconnecting";

/** Keeps a line to a chat open until `signal` is aborted, whatever the server and the network do. */
export async function stayInChat(url: string, signal: AbortSignal): Promise<void> {
  const socket = new ReconnectingSocket(url, {
    signal,
    open: async (address, context) => socketOf(await connect(address, { signal: context.signal })),
    heartbeat: { probe: "ping", isReply: (message) => message === "ping" },
  });
  socket.on("state", (state) => {
    if (state.kind === "waiting") console.log(`${state.reason.kind}; again in ${state.delayMs} ms`);
    if (state.kind === "open") socket.send("I am back");
  });
  socket.on("loss", ({ kind, messages }) => console.log(kind, messages));
  for await (const message of socket) console.log(message);
}

import { type Observer, prometheusText, Tally } from "halyard/observers";
import { serve, type Server } from "halyard/server";

const tally = new Tally();
const slow: Observer = {
  handled: ({ remote }, elapsedMs) => {
    if (elapsedMs > 100) console.warn(`${remote}: a message took ${Math.round(elapsedMs)} ms`);
  },
};

/** Counts without any library, and tells of slow handlers. */
export async function countedEcho(port: number): Promise<{ server: Server; text: () => string }> {
  const server = await serve({
    port,
    observer: [tally.observer, slow],
    routes: { "/echo": async (socket) => await socket.send((await socket.receive()) ?? "") },
  });
  return { server, text: () => prometheusText(tally) };
}

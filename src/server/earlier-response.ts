import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Calls `then` once the requests that came before this one on `socket` have all been answered, or the socket is gone; at once
 * when there are none. RFC 9112 §9.3.2: responses go out in the order of their requests. What is written earlier, the client takes
 * for an answer to something else.
 *
 * Node hands the socket over with an upgrade even while it still writes an earlier response there.
 */
export function afterEarlierResponses(request: IncomingMessage, socket: Duplex, then: () => void): void {
  const response = earlierResponse(request, socket);
  if (response === undefined) {
    then();
    return;
  }
  // Node has stopped to pass this on, and a response that filled the kernel's buffers would wait for it for ever.
  const onDrain = (): void => void response.emit("drain");
  socket.on("drain", onDrain);
  response.once("close", () => {
    socket.off("drain", onDrain);
    afterEarlierResponses(request, socket, then);
  });
}

/** Node has no public name for it. Where a runtime lacks this one, requests that are piped get no better than they had. */
function earlierResponse(
  request: IncomingMessage,
  socket: Duplex & { readonly _httpMessage?: unknown },
): ServerResponse | undefined {
  const response = socket._httpMessage;
  if (socket.destroyed || !(response instanceof ServerResponse)) return undefined;
  // Frameworks make a response for the upgrade itself, so that their routes can answer it.
  return response.req === request ? undefined : response;
}

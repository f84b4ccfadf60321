import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Resolves once the requests that came before this one on `socket` have all been answered, or the socket is gone; `undefined` when there
 * are none. RFC 9112 §9.3.2: responses go out in the order of their requests. What is written earlier, the client takes for an answer to
 * something else.
 *
 * Node hands the socket over with an upgrade even while it still writes an earlier response there.
 */
export function earlierResponsesSent(request: IncomingMessage, socket: Duplex): Promise<void> | undefined {
  const response = earlierResponse(request, socket);
  return response === undefined ? undefined : allSent(response, request, socket);
}

/** Calls `then` when `earlierResponsesSent` resolves; at once when there are none. */
export function afterEarlierResponses(request: IncomingMessage, socket: Duplex, then: () => void): void {
  const sent = earlierResponsesSent(request, socket);
  if (sent === undefined) then();
  else void sent.then(then);
}

async function allSent(first: ServerResponse, request: IncomingMessage, socket: Duplex): Promise<void> {
  let response: ServerResponse | undefined = first;
  while (response !== undefined) {
    await closed(response, socket);
    response = earlierResponse(request, socket);
  }
}

function closed(response: ServerResponse, socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    // Node has stopped to pass this on, and a response that filled the kernel's buffers would wait for it for ever.
    const onDrain = (): void => void response.emit("drain");
    socket.on("drain", onDrain);
    response.once("close", () => {
      socket.off("drain", onDrain);
      resolve();
    });
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

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The plain HTTP responses that are under way. */
export class OpenResponses {
  /** By socket: of a socket that is lost, Node tells only the response whose turn it was, not those that wait behind it. */
  readonly #bySocket = new Map<Socket, Set<ServerResponse>>();

  add({ socket }: IncomingMessage, response: ServerResponse): void {
    const responses = this.#bySocket.get(socket) ?? this.#watch(socket);
    responses.add(response);
    response.once("close", () => responses.delete(response));
  }

  /** Resolves when all of them have been sent, or lost with their sockets. */
  async ended(): Promise<void> {
    await Promise.all([...this.#bySocket].map(([socket, responses]) => endOf(socket, responses)));
  }

  #watch(socket: Socket): Set<ServerResponse> {
    const responses = new Set<ServerResponse>();
    this.#bySocket.set(socket, responses);
    socket.once("close", () => this.#bySocket.delete(socket));
    return responses;
  }
}

function endOf(socket: Socket, responses: ReadonlySet<ServerResponse>): Promise<unknown> {
  const all = [...responses].map((response) => new Promise((resolve) => void response.once("close", resolve)));
  return Promise.race([Promise.all(all), new Promise((resolve) => void socket.once("close", resolve))]);
}

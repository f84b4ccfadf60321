import { once } from "node:events";
import WebSocket from "ws";
import type { ChatMessages } from "./messages.js";

/** Clients of ws that all offer compression. */
export class Crowd {
  readonly #sockets: readonly WebSocket[];

  private constructor(sockets: readonly WebSocket[]) {
    this.#sockets = sockets;
  }

  static async join(port: number, count: number): Promise<Crowd> {
    const sockets: WebSocket[] = [];
    for (let i = 0; i < count; i++) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`, { perMessageDeflate: { threshold: 0 } });
      await once(socket, "open");
      sockets.push(socket);
    }
    return new Crowd(sockets);
  }

  /** Has each client send a message and wait for its echo, `rounds` times, `together` clients at a time. */
  async echo(messages: ChatMessages, rounds: number, together: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      for (let at = 0; at < this.#sockets.length; at += together) {
        await Promise.all(this.#sockets.slice(at, at + together).map((socket) => echoOnce(socket, messages.next())));
      }
    }
  }

  /** Bytes that came from the server since the connections were opened, handshakes included. */
  get receivedBytes(): number {
    return this.#sockets.reduce((sum, socket) => sum + receivedBy(socket), 0);
  }

  leave(): void {
    for (const socket of this.#sockets) socket.terminate();
  }
}

async function echoOnce(socket: WebSocket, message: string): Promise<void> {
  const echoed = once(socket, "message") as Promise<[Buffer]>;
  socket.send(message);
  const [echo] = await echoed;
  if (echo.toString() !== message) throw new Error("the echo differs from the message");
}

/** ws keeps its socket to itself. */
function receivedBy(socket: WebSocket): number {
  const { _socket: inner } = socket as unknown as { _socket: { readonly bytesRead: number } };
  return inner.bytesRead;
}

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import WebSocket from "ws";

export interface ReceivedClose {
  readonly code: number;
  readonly reason: string;
}

/** A client of the `ws` package with promises, for talking to a running server. It leaves when the test is over. */
export class EchoPeer {
  readonly socket: WebSocket;
  readonly closed: Promise<ReceivedClose>;
  readonly #received: (string | Buffer)[] = [];
  readonly #waiting: ((message: string | Buffer) => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on("message", (data: Buffer, isBinary) => {
      const message = isBinary ? data : data.toString();
      const taker = this.#waiting.shift();
      if (taker === undefined) this.#received.push(message);
      else taker(message);
    });
    onTestFinished(() => socket.terminate());
  }

  static async connect(
    url: string,
    options: WebSocket.ClientOptions = {},
    subprotocols: string[] = [],
  ): Promise<EchoPeer> {
    const socket = new WebSocket(url, subprotocols, { perMessageDeflate: false, ...options });
    const peer = new EchoPeer(socket);
    await once(socket, "open");
    return peer;
  }

  /** The HTTP status with which a server refuses a connection. */
  static async refusedStatus(url: string, options: WebSocket.ClientOptions = {}): Promise<number | undefined> {
    const socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    return await new Promise((resolve, reject) => {
      socket.once("unexpected-response", (_request, response) => {
        resolve(response.statusCode);
        response.resume();
        socket.terminate();
      });
      socket.once("open", () => reject(new Error("accepted")));
      socket.on("error", reject); // after resolve this does nothing
    });
  }

  send(message: string | Uint8Array): void {
    this.socket.send(message);
  }

  async receive(): Promise<string | Buffer> {
    const message = this.#received.shift();
    return message ?? (await new Promise((resolve) => void this.#waiting.push(resolve)));
  }

  async echo(message: string | Uint8Array): Promise<string | Buffer> {
    this.send(message);
    return await this.receive();
  }
}

/** A peer that completes the opening handshake and then never says or reads anything again, a closing handshake included. */
export async function connectMutePeer(port: number): Promise<Socket> {
  const socket = connect(port, "localhost");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  socket.write(
    "GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  const [answer] = (await once(socket, "data")) as [Buffer];
  if (!answer.toString().startsWith("HTTP/1.1 101 ")) throw new Error(`refused: ${answer.toString()}`);
  socket.pause();
  return socket;
}

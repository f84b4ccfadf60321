import { once } from "node:events";
import { connect } from "node:net";
import type { LoadReport } from "../control/messages.js";
import { Histogram } from "./histogram.js";
import type { Load } from "./load.js";
import { openingHandshake } from "./opening-handshake.js";
import type { OpenCommand } from "./settings.js";
import { measured } from "./stretch.js";

const host = "127.0.0.1";
/** A close frame with 1000, masked with zeros. */
const closeFrame = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);
const CLOSE = 0x88;

/** Connect, upgrade, closing handshake, and again, on `connections` sockets at once. */
export class HandshakeLoad implements Load {
  readonly #settings: OpenCommand;

  constructor(settings: OpenCommand) {
    this.#settings = settings;
  }

  async run(durationMs: number): Promise<LoadReport> {
    return measured(async () => {
      const latency = new Histogram();
      const until = performance.now() + durationMs;
      await Promise.all(Array.from({ length: this.#settings.connections }, () => this.#repeat(until, latency)));
      return { messages: latency.count, comparedMessages: 0, latency };
    });
  }

  async close(): Promise<void> {}

  async #repeat(until: number, latency: Histogram): Promise<void> {
    do {
      await this.#openAndClose(latency);
    } while (performance.now() < until);
  }

  async #openAndClose(latency: Histogram): Promise<void> {
    const startedAt = performance.now();
    const { port, path } = this.#settings;
    const handshake = openingHandshake(`${host}:${port}`, path);
    const socket = connect({ port, host, noDelay: true }, () => socket.write(handshake.request));
    let head: Buffer | undefined = Buffer.alloc(0);
    const closed = new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("end", () => reject(new Error("the server left without its close frame")));
      socket.on("data", (bytes: Buffer) => {
        if (head === undefined) return bytes.includes(CLOSE) ? resolve() : undefined;
        head = Buffer.concat([head, bytes]);
        if (handshake.answerBytes(head) === undefined) return;
        head = undefined;
        latency.add((performance.now() - startedAt) * 1e6);
        socket.write(closeFrame);
      });
    });
    await closed;
    // A reset in place of TIME_WAIT: tens of thousands of handshakes would use up the ports.
    socket.removeAllListeners("error").on("error", () => {});
    socket.resetAndDestroy();
    await once(socket, "close");
  }
}

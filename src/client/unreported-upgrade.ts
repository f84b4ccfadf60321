import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";

import type { HandshakeResponse } from "../protocol/index.js";

const HEAD_END = "\r\n\r\n";

/**
 * Watches what a socket receives for a 101 that Node does not report. Node makes an `upgrade` event of a 101 with an Upgrade
 * header and a Connection header that names it; another 101 it takes for an interim answer like 103, and drops without a
 * word. The handshake would then wait for ever, and nobody learned what is wrong with the answer.
 */
export class UnreportedUpgrade {
  readonly #socket: Duplex;
  readonly #onFound: (response: HandshakeResponse) => void;
  #text = "";
  #isWatching = true;

  /** To be made in the request's `socket` event: so it listens behind Node, which has reported by then what it reports. */
  constructor(socket: Duplex, onFound: (response: HandshakeResponse) => void) {
    this.#socket = socket;
    this.#onFound = onFound;
    socket.on("data", this.#onData);
  }

  /** Node has reported an answer, or no answer will come. */
  stop(): void {
    this.#isWatching = false;
    this.#socket.off("data", this.#onData);
  }

  // How long a head may be is Node's to say: beyond that it ends the socket.
  readonly #onData = (chunk: Buffer): void => {
    if (!this.#isWatching) return;
    const from = Math.max(0, this.#text.length - HEAD_END.length);
    this.#text += chunk.toString("latin1");
    for (let end = this.#text.indexOf(HEAD_END, from); end !== -1; end = this.#text.indexOf(HEAD_END)) {
      const response = readHead(this.#text.slice(0, end));
      if (response.status === 101) {
        this.stop();
        this.#onFound(response);
        return;
      }
      this.#text = this.#text.slice(end + HEAD_END.length);
    }
  };
}

/** The head of a response that Node's parser has found to be one. */
function readHead(head: string): HandshakeResponse {
  const [statusLine = "", ...lines] = head.split("\r\n");
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { status: Number(statusLine.slice(9, 12)), httpVersion: statusLine.slice(5, 8), rawHeaders };
}

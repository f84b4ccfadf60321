import type { Buffer } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import type { Eventually } from "../internal/eventually.js";
import { acceptKey, type TimerWheel } from "../connection/index.js";
import { readHandshake } from "../protocol/index.js";
import { earlierResponsesSent } from "./earlier-response.js";
import { acceptHead, sendRefusal } from "./http-head.js";
import { type Acceptance, endsOf, type Offer, type Opening, type SocketEnds } from "./opening.js";
import { type Refusal, refusalOf } from "./refusal.js";
import { hasDuplexLeft, whenDuplexLeft } from "./when-left.js";

/** An upgrade of HTTP/1.1, as `node:http` gives it to its `upgrade` listeners. */
export class Http1Opening implements Opening {
  readonly incoming: IncomingMessage;
  readonly duplex: Duplex;
  readonly head: Buffer;
  readonly httpVersion = "1.1";
  #key = "";

  constructor(incoming: IncomingMessage, socket: Duplex, head: Buffer) {
    this.incoming = incoming;
    this.duplex = socket;
    this.head = head;
  }

  get ends(): SocketEnds | undefined {
    return endsOf(this.duplex);
  }

  get url(): string | undefined {
    return this.incoming.url;
  }

  get headers(): IncomingHttpHeaders {
    return this.incoming.headers;
  }

  get lastingHeaders(): IncomingHttpHeaders {
    return this.headers;
  }

  get hasLeft(): boolean {
    return hasDuplexLeft(this.duplex);
  }

  readOffer(): Offer | Refusal {
    const { method = "", httpVersion, rawHeaders } = this.incoming;
    const verdict = readHandshake({ method, httpVersion, rawHeaders });
    if (verdict.kind === "refusal") return refusalOf(verdict.fault);
    this.#key = verdict.key;
    return verdict;
  }

  answerable(): Eventually<void> {
    return earlierResponsesSent(this.incoming, this.duplex);
  }

  whenLeft(onLeft: () => void): () => void {
    return whenDuplexLeft(this.duplex, onLeft);
  }

  accept({ subprotocol, extensions, headers }: Acceptance): void {
    if (this.duplex instanceof Socket) this.duplex.setTimeout(0);
    this.duplex.write(acceptHead(acceptKey(this.#key), subprotocol, extensions, headers), "latin1");
  }

  refuse(refusal: Refusal, timers: TimerWheel): void {
    sendRefusal(this.incoming, this.duplex, refusal, timers);
  }
}

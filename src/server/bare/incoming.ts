import { Buffer } from "node:buffer";
import { type IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import { LaterHeaders } from "../../connection/index.js";
import { readUpgradeHead, type UpgradeHead } from "./upgrade-head.js";

/** How Node's own parser gives a message its headers; not public. */
interface TakingHeaders {
  _addHeaderLines?(rawHeaders: readonly string[], length: number): void;
}

/** Whether this Node makes headers of a message in the way that we know. */
export const canMakeIncoming: boolean =
  typeof (IncomingMessage.prototype as TakingHeaders)._addHeaderLines === "function";

/** The request that `node:http` would have made of `head`, but for its socket. */
export function incomingOf(head: Pick<UpgradeHead, "url" | "rawHeaders">): IncomingMessage {
  const incoming = new IncomingMessage(undefined as unknown as Socket);
  incoming.httpVersionMajor = 1;
  incoming.httpVersionMinor = 1;
  incoming.httpVersion = "1.1";
  incoming.method = "GET";
  incoming.url = head.url;
  (incoming as unknown as { upgrade: boolean }).upgrade = true;
  (incoming as TakingHeaders)._addHeaderLines?.(head.rawHeaders, head.rawHeaders.length);
  incoming.complete = true;
  incoming.push(null);
  return incoming;
}

/** The headers of the head `text`, which has been read before. */
export class HeadersOfText extends LaterHeaders {
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  make(): IncomingHttpHeaders {
    return incomingOf(readUpgradeHead(Buffer.from(this.#text, "latin1")) as UpgradeHead).headers;
  }
}

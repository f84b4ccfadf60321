import type { Duplex } from "node:stream";

/** What a dialler is told. */
export interface DialContext {
  /** Aborted when nobody waits for the connection any more. A duplex that comes later than that is destroyed. */
  readonly signal: AbortSignal;
}

/**
 * Opens the way to the server by other means than a TCP connection to the URL's host: a proxy, a tunnel, an address of your
 * choosing. Called once for each request, so again for each redirect.
 *
 * @param url in the ws form, without credentials
 * @returns any duplex of bytes. For wss it is the transport under TLS, which is spoken over it.
 */
export type Dial = (url: URL, context: DialContext) => Duplex | Promise<Duplex>;

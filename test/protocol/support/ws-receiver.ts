import type { Writable } from "node:stream";
import * as ws from "ws";
import { toHex } from "./frame-bytes.js";
import type { Received } from "./recording-sink.js";

/** What the types of `ws` leave out: its receiver, which it exports. */
interface WsReceiver extends Writable {
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): this;
  on(event: "ping" | "pong", listener: (data: Buffer) => void): this;
  on(event: "conclude", listener: (code: number, reason: Buffer) => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  on(event: string, listener: (...args: never[]) => void): this;
}

export interface WsLimits {
  readonly maxPayload: number;
  readonly maxFragments: number;
}

/** What a receiver made of a stream of bytes: what it delivered, and the close code with which it refused the rest. */
export interface Outcome {
  readonly delivered: readonly Received[];
  readonly refusal: number | undefined;
}

/** What the receiver of the `ws` package makes of `chunks`, as a server's. */
export function receiveByWs(chunks: readonly Uint8Array[], limits: WsLimits): Outcome {
  const { Receiver } = ws as unknown as { Receiver: new (options: object) => WsReceiver };
  const receiver = new Receiver({ isServer: true, allowSynchronousEvents: true, ...limits });
  const delivered: Received[] = [];
  let refusal: number | undefined;
  receiver.on("message", (data, isBinary) => {
    delivered.push(isBinary ? { binary: toHex(data) } : { text: data.toString() });
  });
  receiver.on("ping", (data) => delivered.push({ ping: toHex(data) }));
  receiver.on("pong", (data) => delivered.push({ pong: toHex(data) }));
  receiver.on("conclude", (code, reason) => delivered.push({ close: { code, reason: reason.toString() } }));
  receiver.on("error", () => {}); // it comes a turn later; the callback of the write has it at once
  for (const chunk of chunks) {
    if (receiver.writableEnded || refusal !== undefined) break;
    receiver.write(Buffer.from(chunk), (error) => (refusal ??= statusOf(error)));
    const { errored } = receiver;
    if (errored !== null) refusal ??= statusOf(errored);
  }
  return { delivered, refusal };
}

/** `ws` keeps the close code of an error under a symbol of its own. */
function statusOf(error: Error | null | undefined): number | undefined {
  if (error === null || error === undefined) return undefined;
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === "status-code");
  return symbol === undefined ? undefined : ((error as unknown as Record<symbol, number>)[symbol] ?? undefined);
}

import { TransformStream, WritableStream } from "node:stream/web";

import type { MessageSource } from "./message.js";

/**
 * A `WritableStream` that is one message: what is written goes to `send` as it comes, `close` resolves when the message is queued to
 * its end, `abort` gives it up.
 */
export function messageWriter(send: (source: MessageSource) => Promise<void>): WritableStream<string | Uint8Array> {
  const { readable, writable } = new TransformStream<string | Uint8Array, string | Uint8Array>();
  const writer = writable.getWriter();
  const sent = send(readable);
  const failed = sent.then(() => new Promise<never>(() => {}));
  failed.catch(ignore);
  writer.closed.catch(ignore);
  return new WritableStream<string | Uint8Array>({
    start(controller) {
      sent.catch((cause: unknown) => controller.error(cause));
    },
    write: (piece) => Promise.race([writer.write(piece), failed]),
    async close() {
      await Promise.race([writer.close(), failed]);
      await sent;
    },
    abort: (reason) => writer.abort(reason),
  });
}

function ignore(): void {}

// One end of a long message, in a process of its own so that its memory is its own: `server`, or `client PORT BYTES`.
import { connect } from "halyard/client";
import { serve } from "halyard/server";

const PIECE_BYTES = 64 * 1024;
const SAMPLE_MS = 20;
const [role, port = "0", bytes = "0"] = process.argv.slice(2);
const total = Number(bytes);
const baseline = liveBytes();
let peak = baseline;

/** What the program holds, once what it does not has been collected: the size of the process is the allocator's affair. */
function liveBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

setInterval(() => (peak = Math.max(peak, liveBytes())), SAMPLE_MS).unref();

/** Bytes that differ from piece to piece. */
function pieceAt(offset: number): Uint8Array {
  return new Uint8Array(PIECE_BYTES).fill((offset / PIECE_BYTES) % 251);
}

async function* source(): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < total; offset += PIECE_BYTES) yield pieceAt(offset);
}

function report(result: object): void {
  process.send?.({ ...result, grown: peak - baseline });
}

if (role === "server") {
  const server = await serve({
    host: "127.0.0.1",
    maxMessageBytes: Infinity,
    routes: {
      "/": async (socket) => {
        const message = await socket.receiveStream();
        if (message !== undefined) await socket.send(message);
      },
    },
  });
  process.send?.({ port: server.port });
  process.on("message", () => {
    report({});
    void server.close().then(() => process.disconnect());
  });
} else {
  const connection = await connect(`ws://127.0.0.1:${port}/`, { maxMessageBytes: Infinity });
  const sent = connection.send(source());
  let received = 0;
  let wrong = 0;
  for await (const piece of (await connection.receiveStream()) ?? []) {
    const bytesOf = piece as Uint8Array;
    const last = received + bytesOf.length - 1;
    if (bytesOf[0] !== Math.floor(received / PIECE_BYTES) % 251) wrong++;
    if (bytesOf.at(-1) !== Math.floor(last / PIECE_BYTES) % 251) wrong++;
    received += bytesOf.length;
  }
  await sent;
  const { code } = await connection.closed;
  report({ received, wrong, code });
  process.disconnect();
}

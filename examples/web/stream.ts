import { WebSocketStream } from "halyard/web";

/** Adds up the numbers that a server sends. While `pause` takes its time the server is stopped. */
export async function sum(url: string, pause: () => Promise<void>): Promise<number> {
  const stream = new WebSocketStream(url, { signal: AbortSignal.timeout(5_000) }); // five seconds to connect
  const { readable, writable } = await stream.opened;
  const writer = writable.getWriter();
  await writer.write("go"); // waits for room
  let total = 0;
  for await (const message of readable) {
    total += Number(message);
    await pause();
  }
  const { closeCode, reason } = await stream.closed;
  console.log(`ended with ${closeCode} ${reason}`);
  return total;
}

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { handleWriter, streamWriter } from "../../bench/src/generator/socket-writer.js";

const cleanUps: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** Both ends of a TCP connection. */
async function socketPair(): Promise<{ client: Socket; peer: Socket }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [peer] = (await once(server, "connection")) as [Socket];
  cleanUps.push(
    () => server.close(),
    () => client.destroy(),
    () => peer.destroy(),
  );
  return { client, peer };
}

describe.each([
  ["handleWriter", handleWriter],
  ["streamWriter", streamWriter],
])("%s", (_, writerFor) => {
  it("delivers all bytes in order, far more than the kernel takes at once", async () => {
    const { client, peer } = await socketPair();
    const parts = Array.from({ length: 64 }, (_part, index) => Buffer.alloc(256 * 1024, index));
    const write = writerFor(client);
    if (write === undefined) throw new Error("this Node version does not offer the handle: see socket-writer.ts");
    for (const part of parts) write(part);

    const received: Buffer[] = [];
    let missing = 64 * 256 * 1024;
    for await (const chunk of peer as AsyncIterable<Buffer>) {
      received.push(chunk);
      missing -= chunk.length;
      if (missing <= 0) break;
    }
    expect(Buffer.concat(received).equals(Buffer.concat(parts))).toBe(true);
  });
});

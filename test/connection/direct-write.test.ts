import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { directHandle, writeDirectly } from "../../src/connection/direct-write.js";
import { TAKEN, WAITING } from "../../src/connection/handle-write.js";
import { type HandleRequest, type SocketHandle, socketParts } from "../../src/connection/socket-handle.js";
import { handleOf, withoutDirectWrites } from "../support/socket-handle.js";
import { until } from "../support/turns.js";

/** Both ends of a TCP connection. */
async function pair(): Promise<{ socket: Socket; peer: Socket }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as { port: number }).port, "127.0.0.1");
  const [[peer]] = (await Promise.all([once(server, "connection"), once(socket, "connect")])) as [[Socket], unknown];
  onTestFinished(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  return { socket, peer };
}

/** Everything that arrives at `peer` until `length` bytes have. */
async function arrived(peer: Socket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  peer.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    received += chunk.length;
  });
  peer.resume();
  await until(() => received >= length);
  return Buffer.concat(chunks);
}

const numbered = (length: number, seed: number): Buffer => Buffer.alloc(length, seed);

describe("directHandle", () => {
  test("is there for a TCP socket", async () => {
    const { socket } = await pair();
    expect(directHandle(socket)).toBe(handleOf(socket));
  });

  test("is missing for any other duplex, and for a socket that has gone", async () => {
    const { socket } = await pair();
    expect(directHandle(new Duplex())).toBeUndefined();
    socket.destroy();
    expect(directHandle(socket)).toBeUndefined();
  });

  test("is missing where the handle is written in JavaScript, which may write later", async () => {
    const { socket } = await pair();
    expect(directHandle(withoutDirectWrites(socket))).toBeUndefined();
  });
});

describe("writeDirectly", () => {
  test("goes past the stream", async () => {
    const { socket, peer } = await pair();
    const handle = directHandle(socket) as SocketHandle;
    expect(writeDirectly(socket, handle, Buffer.from("one "))).toBe(TAKEN);
    const write = vi.spyOn(socket, "write");
    expect(writeDirectly(socket, handle, Buffer.from("two "))).toBe(TAKEN);
    expect(writeDirectly(socket, handle, Buffer.from("three"))).toBe(TAKEN);
    expect(write).not.toHaveBeenCalled();
    expect(String(await arrived(peer, 13))).toBe("one two three");
  });

  test("loses and mixes up nothing when the kernel takes no more: directly, by the stream and directly again", async () => {
    const { socket, peer } = await pair();
    const handle = directHandle(socket) as SocketHandle;
    const wanted: Buffer[] = [];
    for (let seed = 0; handle.writeQueueSize === 0; seed++) {
      const chunk = numbered(256 * 1024, seed);
      wanted.push(chunk);
      expect(writeDirectly(socket, handle, chunk)).toBe(handle.writeQueueSize === 0 ? TAKEN : WAITING);
    }
    for (let seed = 100; seed < 120; seed++) {
      const chunk = numbered(1000, seed);
      wanted.push(chunk);
      if (seed % 3 > 0 || writeDirectly(socket, handle, chunk) < 0) socket.write(chunk);
    }
    const all = Buffer.concat(wanted);
    expect((await arrived(peer, all.length)).equals(all)).toBe(true);
    expect(handle.writeQueueSize).toBe(0);
  });

  test("keeps the bytes that wait from being collected", async () => {
    const { socket, peer } = await pair();
    const handle = directHandle(socket) as SocketHandle;
    let length = 0;
    for (let turn = 0; turn < 200; turn++) {
      writeDirectly(socket, handle, numbered(100_000, 7));
      length += 100_000;
      new Uint8Array(1_000_000).fill(turn); // what would come to lie where they were
    }
    const all = await arrived(peer, length);
    expect(all.equals(numbered(length, 7))).toBe(true);
  });

  test("leaves it to the stream while that has something of its own to write", async () => {
    const { socket, peer } = await pair();
    const handle = directHandle(socket) as SocketHandle;
    socket.cork();
    socket.write("first ");
    expect(writeDirectly(socket, handle, Buffer.from("second"))).toBeLessThan(0);
    socket.write("second");
    socket.uncork();
    expect(String(await arrived(peer, 12))).toBe("first second");
  });

  test("leaves a failure to the stream, which tells of it", async () => {
    const { socket, peer } = await pair();
    const handle = directHandle(socket) as SocketHandle;
    peer.resetAndDestroy();
    const failed = once(socket, "error");
    socket.on("error", () => {});
    await until(() => {
      if (socket.destroyed || writeDirectly(socket, handle, Buffer.from("x")) >= 0) return socket.destroyed;
      socket.write("x");
      return true;
    });
    expect((await failed)[0]).toMatchObject({ code: expect.stringMatching(/^(EPIPE|ECONNRESET)$/) as string });
  });
});

/** `direct-write.ts` on a Node whose handles are given requests of this class, or none. */
async function freshOn(WriteRequest: (new () => HandleRequest) | undefined) {
  const parts = socketParts();
  vi.doMock("../../src/connection/socket-handle.js", async (original) => ({
    ...(await original<object>()),
    socketParts: () => ({ ...parts, WriteRequest }),
  }));
  vi.resetModules();
  onTestFinished(() => {
    vi.doUnmock("../../src/connection/socket-handle.js");
    vi.resetModules();
  });
  return await import("../../src/connection/direct-write.js");
}

describe("a write that the kernel has taken in two goes, at once", () => {
  test("has its request to itself: the handle still tells by it", async () => {
    const taken = new Set<HandleRequest | null>();
    const fresh = await freshOn(
      class Request {
        getAsyncId(): number {
          return taken.has(this) ? 7 : -1;
        }
      },
    );
    const requests: (HandleRequest | null)[] = [];
    const handle = {
      writeQueueSize: 0, // it is empty again
      writeBuffer: (request: HandleRequest | null) => {
        requests.push(request);
        if (requests.length === 2) taken.add(request);
        return 0;
      },
    } as unknown as SocketHandle;
    for (const each of ["1", "2", "3", "4"]) fresh.writeDirectly(new Duplex(), handle, Buffer.from(each));
    const [first, second, third, fourth] = requests;
    expect(second).toBe(first);
    expect(third).not.toBe(second);
    expect(fourth).toBe(third);
    expect(String(second?.buffer)).toBe("2");
  });
});

describe("writeDirectly, where Node gives the handle no request, as Node 26 does not", () => {
  test("gives none either, keeps what is pending alive, and leaves a failure to the stream", async () => {
    const fresh = await freshOn(undefined);
    const requests: unknown[] = [];
    const pending: HandleRequest = { getAsyncId: () => 1 };
    let result: number | HandleRequest = 0;
    const handle = {
      writeQueueSize: 0,
      writeBuffer: (request: HandleRequest | null) => {
        requests.push(request);
        return result;
      },
    } as unknown as SocketHandle;
    const socket = new Duplex();
    expect(fresh.writeDirectly(socket, handle, Buffer.from("taken at once"))).toBe(TAKEN);
    result = pending;
    const bytes = Buffer.from("taken later");
    expect(fresh.writeDirectly(socket, handle, bytes)).toBe(WAITING);
    expect(pending.buffer).toBe(bytes);
    result = -32; // EPIPE
    expect(fresh.writeDirectly(socket, handle, Buffer.from("refused"))).toBeLessThan(0);
    expect(requests).toEqual([null, null, null]);
  });
});

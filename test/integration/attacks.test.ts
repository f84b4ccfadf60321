import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection/index.js";
import { defer } from "../../src/internal/deferred.js";
import type { FrameSpec } from "../protocol/support/frame-bytes.js";
import { liveBytes } from "../support/live-bytes.js";
import { meet } from "../support/meeting.js";
import { under } from "../support/memory-ceiling.js";
import { binary, continuation, ping, RawPeer, text } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { nextTurn, until } from "../support/turns.js";
import { startUpgrader } from "../support/upgrade-server.js";
import { upgradeRequest } from "../support/upgrade-request.js";
import { type Victim, victims } from "../support/victim.js";

const KIB = 1024;
const MIB = 1024 * KIB;
/** What an attack may have in use at any time; each would have ten times as much, or more without end, if nothing held it back. */
const CEILING = 4 * MIB;

/** The bytes of `count` frames, each like `frame`, as the victim's peer sends them. */
function framesOf({ peer }: Victim, frame: FrameSpec, count: number): Buffer {
  const one = peer.bytesOf(frame);
  return Buffer.concat(Array.from({ length: count }, () => one));
}

/** Sends `frames` for as long as the connection stands, but not for ever. */
async function floodWith(victim: Victim, frames: Uint8Array, atMost: number): Promise<void> {
  for (let sent = 0; victim.connection.state === "open" && sent < atMost; sent += frames.length) {
    victim.peer.raw.write(frames);
    await victim.hasReadAll();
  }
}

describe.each(Object.entries(victims))("the memory of %s stays bounded", (_, meetVictim) => {
  test("with a peer that never reads, and an endpoint that waits for each send", async () => {
    const { peer, connection } = await meetVictim({ maxBufferedBytes: Infinity });
    peer.raw.stopReading();
    await under(CEILING, async () => {
      let isOver = false;
      void (async () => {
        for (; !isOver; await nextTurn()) await connection.send(new Uint8Array(128 * KIB));
      })().catch(() => {});
      await until(() => connection.needsDrain);
      for (let i = 0; i < 100; i++) await nextTurn();
      isOver = true;
    });
    expect(connection.bufferedBytes).toBeLessThan(256 * KIB + 129 * KIB);
    expect(connection.state).toBe("open");
  });

  test("with a peer that never reads, and an endpoint that never waits: it is cut off", async () => {
    const { peer, connection } = await meetVictim({ maxBufferedBytes: MIB });
    peer.raw.stopReading();
    await under(CEILING, async () => {
      while (connection.state === "open") {
        connection.write(new Uint8Array(128 * KIB));
        await nextTurn();
      }
    });
    expect((await connection.closed).error?.code).toBe("send-buffer-full");
  });

  test("with a fast peer and a slow handler", async () => {
    const victim = await meetVictim();
    const gate = defer<void>();
    const handled: unknown[] = [];
    victim.connection.handle({
      message: async (_connection, message) => {
        await gate.promise;
        handled.push(message);
      },
    });
    const frames = framesOf(victim, binary(new Uint8Array(10 * KIB)), 100);
    const sent = await under(CEILING, () => victim.stuffWith(frames, 64 * MIB));
    expect(sent).toBeGreaterThan(MIB); // what the kernel holds
    expect(handled).toEqual([]);
  });

  test("with messages that nobody has asked for: one is held and reading stops", async () => {
    const victim = await meetVictim();
    const frames = framesOf(victim, binary(new Uint8Array(10 * KIB)), 100);
    await under(CEILING, () => victim.stuffWith(frames, 64 * MIB));
    expect(victim.connection.state).toBe("open");
    expect(await victim.connection.receive()).toHaveLength(10 * KIB);
  });

  test("with a message in one-byte packets", async () => {
    const victim = await meetVictim();
    victim.connection.handle({});
    const bytes = victim.peer.bytesOf(text("x".repeat(2_000), false));
    await under(CEILING, async () => {
      await victim.peer.raw.drip(bytes);
      await victim.hasReadAll();
    }); // 2,000 pinned buffers of 64 KiB would be 125 MiB
    expect(victim.connection.state).toBe("open");
  });

  test("with endless empty fragments: they are counted, and the connection ends", async () => {
    const victim = await meetVictim();
    victim.connection.handle({});
    victim.peer.send(text("", false));
    const frames = framesOf(victim, continuation("", false), 1_000);
    await under(CEILING, () => floodWith(victim, frames, MIB));
    expect(victim.connection.state).not.toBe("open");
    expect(await victim.peer.leave()).toEqual([{ close: 1008, reason: "too-many-fragments" }]);
  });

  test("with endless fragments of one byte: they are counted, and the connection ends", async () => {
    const victim = await meetVictim();
    victim.connection.handle({});
    victim.peer.send(text("x", false));
    const frames = framesOf(victim, continuation("x", false), 1_000);
    await under(CEILING, () => floodWith(victim, frames, MIB));
    expect(victim.connection.state).not.toBe("open");
    expect(await victim.peer.leave()).toEqual([{ close: 1008, reason: "too-many-fragments" }]);
  });

  test("with endless fragments of one byte, whose stream nobody reads: reading stops", async () => {
    const victim = await meetVictim({ maxFragments: Infinity });
    victim.peer.send(text("begun", false));
    const stream = await victim.connection.receiveStream();
    const frames = framesOf(victim, continuation("x", false), 20_000);
    await under(CEILING, () => victim.stuffWith(frames, 64 * MIB));
    const pieces = stream?.[Symbol.asyncIterator]();
    expect(await pieces?.next()).toEqual({ done: false, value: "begun" });
    expect(await pieces?.next()).toEqual({ done: false, value: "x" });
  });

  test("with a flood of pings from a peer that never reads the pongs", async () => {
    const victim = await meetVictim({ maxBufferedBytes: Infinity });
    const { peer, connection } = victim;
    connection.handle({});
    peer.raw.stopReading();
    connection.write(new Uint8Array(16 * MIB)); // the kernel takes no more: what is sent now is queued
    await until(() => connection.bufferedBytes > 0);
    for (let i = 0; i < 20; i++) await nextTurn();
    const queued = connection.bufferedBytes;
    const frames = framesOf(victim, ping("x".repeat(125)), 1_000);
    await under(CEILING, () => floodWith(victim, frames, 6 * MIB));
    expect(connection.state).toBe("open");
    expect(connection.bufferedBytes).toBeLessThan(queued + KIB);
  });
});

describe("the memory of a server stays bounded", () => {
  test("with many peers that never read, and an endpoint that never waits: each is cut off", async () => {
    const maxBufferedBytes = 256 * KIB;
    const server = await startUpgrader({ maxBufferedBytes, highWaterMark: 64 * KIB });
    const connections: Connection<undefined>[] = [];
    for (let i = 0; i < 20; i++) {
      const peer = await RawPeer.join(server.port);
      peer.raw.stopReading();
      connections.push(await server.accepted());
    }
    await under(20 * maxBufferedBytes + CEILING, async () => {
      while (connections.some(({ state }) => state === "open")) {
        for (const connection of connections) connection.write("x".repeat(16 * KIB));
        await nextTurn();
      }
    });
    for (const { closed } of connections) expect((await closed).error?.code).toBe("send-buffer-full");
  });

  test("with frames that announce much and send little: nothing is allocated for what has not come", async () => {
    const server = await startUpgrader();
    await under(CEILING, async () => {
      for (let i = 0; i < 50; i++) {
        const peer = await RawPeer.join(server.port);
        (await server.accepted()).handle({});
        peer.send({ ...text("begun"), announcedLength: BigInt(MIB) });
        const arrived = server.sockets[i] as Socket;
        await until(() => arrived.bytesRead === peer.raw.socket.bytesWritten);
      }
    }); // 50 MiB are announced
  });

  test("with a fast peer whose connection has failed while nobody read: what still comes is dropped", async () => {
    const { peer, connection, server } = await meet({ closeTimeoutMs: 60_000 });
    const frames = Buffer.concat(Array.from({ length: 100 }, () => peer.bytesOf(binary(new Uint8Array(10 * KIB)))));
    const arrived = server.sockets[0] as Socket;
    await until(() => {
      if (peer.raw.socket.writableLength === 0) peer.raw.write(frames);
      return arrived.isPaused();
    });
    await under(CEILING, async () => {
      connection.fail(new Error("oh"));
      for (let i = 0; i < 20; i++) {
        peer.raw.write(frames);
        await until(() => arrived.bytesRead >= peer.raw.socket.bytesWritten);
      }
    });
    expect(server.errors.splice(0)).toEqual([new Error("oh")]);
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    expect(await connection.closed).toMatchObject({ code: 1011 });
  });

  test("with clients that ask to be let in and are gone before the answer", async () => {
    const server = await startUpgrader();
    await under(CEILING, async () => {
      for (let i = 0; i < 50; i++) {
        const raw = await RawSocket.connect(server.port);
        await new Promise<void>((resolve) => void raw.socket.write(upgradeRequest(), () => resolve()));
        raw.reset();
      }
      await RawPeer.join(server.port); // it came last: all the others have been seen
    });
    await until(() => server.upgrader.connections.size === 1);
    expect(server.errors).toEqual([]);
  });

  test("with clients that come, break the protocol and go: nothing is left of their connections", async () => {
    const server = await startUpgrader();
    const gone: WeakRef<Connection<undefined>>[] = [];
    const attack = async (): Promise<void> => {
      const peer = await RawPeer.join(server.port);
      peer.send({ opcode: 0x3 });
      await peer.leave();
      const connection = await server.accepted();
      await connection.closed;
      server.sockets.length = 0;
      gone.push(new WeakRef(connection));
    };
    await under(CEILING, async () => {
      for (let i = 0; i < 100; i++) await attack();
    });
    expect(server.upgrader.connections.size).toBe(0);
    await nextTurn();
    liveBytes();
    // The last may still stand on some stack.
    expect(gone.filter((connection) => connection.deref() !== undefined).length).toBeLessThan(5);
  });
});

import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection/index.js";
import { liveBytes } from "../support/live-bytes.js";
import { meet } from "../support/meeting.js";
import { binary, continuation, masked, ping, RawPeer, text } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { nextTurn, until } from "../support/turns.js";
import { startUpgrader, type UpgradeServerSetup } from "../support/upgrade-server.js";
import { upgradeRequest } from "../support/upgrade-request.js";

const KIB = 1024;
const MIB = 1024 * KIB;
/** What an attack may leave in use; each would leave ten times as much, or more without end, if nothing held it back. */
const CEILING = 4 * MIB;

/** Bytes that `act` leaves in use. */
async function growth(act: () => Promise<void>): Promise<number> {
  const before = liveBytes();
  await act();
  return liveBytes() - before;
}

/** Sends `bytes` again and again until the server takes no more of them; returns how many it got rid of. */
async function sendUntilStuck(peer: RawPeer, bytes: Uint8Array): Promise<number> {
  const { socket } = peer.raw;
  let sent = 0;
  for (let idleTurns = 0; idleTurns < 200; idleTurns++) {
    if (socket.writableLength === 0) {
      socket.write(bytes);
      sent += bytes.length;
      idleTurns = 0;
    }
    await nextTurn();
  }
  return sent;
}

const readPaths: [string, UpgradeServerSetup][] = [
  ["the shared read buffer", {}],
  ["data events", { wrap: (socket) => Duplex.from({ readable: socket, writable: socket }) }],
];

describe("memory stays bounded", { timeout: 20_000 }, () => {
  test("with a peer that never reads, and an endpoint that waits for each send", async () => {
    const { peer, connection } = await meet();
    peer.raw.stopReading();
    const chunk = new Uint8Array(64 * KIB);
    const grown = await growth(async () => {
      const stop = (async () => {
        for (;;) await connection.send(chunk);
      })().catch((error: unknown) => error);
      await until(() => connection.needsDrain);
      for (let i = 0; i < 50; i++) await nextTurn();
      expect(connection.bufferedBytes).toBeLessThan(256 * KIB + 65 * KIB);
      expect(connection.state).toBe("open");
      void stop;
    });
    expect(grown).toBeLessThan(CEILING);
  });

  test("with many peers that never read, and an endpoint that never waits: each is cut off", async () => {
    const maxBufferedBytes = 256 * KIB;
    const server = await startUpgrader({ maxBufferedBytes, highWaterMark: 64 * KIB });
    const connections: Connection<undefined>[] = [];
    for (let i = 0; i < 20; i++) {
      const peer = await RawPeer.join(server.port);
      peer.raw.stopReading();
      connections.push(await server.accepted());
    }
    const grown = await growth(async () => {
      while (connections.some(({ state }) => state === "open")) {
        for (const connection of connections) connection.write("x".repeat(16 * KIB));
        await nextTurn();
      }
      for (const { closed } of connections) expect((await closed).error?.code).toBe("send-buffer-full");
    });
    expect(grown).toBeLessThan(20 * maxBufferedBytes);
  });

  for (const [path, setup] of readPaths) {
    test(`with a fast peer and a slow handler, read by ${path}`, async () => {
      const { peer, connection } = await meet({}, {}, setup);
      connection.handle({ message: () => new Promise(() => {}) });
      const frames = Buffer.concat(Array.from({ length: 100 }, () => masked(binary(new Uint8Array(10 * KIB)))));
      let sent = 0;
      const grown = await growth(async () => {
        sent = await sendUntilStuck(peer, frames);
      });
      expect(sent).toBeGreaterThan(MIB); // what the kernel holds
      expect(grown).toBeLessThan(CEILING);
    });

    test(`with a message in one-byte packets, read by ${path}`, async () => {
      const { peer, connection, server } = await meet({}, {}, setup);
      connection.handle({});
      const { socket } = peer.raw;
      const bytes = masked(text("x".repeat(4_000), false));
      const grown = await growth(async () => {
        await peer.raw.drip(bytes);
        const arrived = server.sockets[0] as Socket;
        await until(() => arrived.bytesRead >= socket.bytesWritten);
      });
      expect(grown).toBeLessThan(CEILING); // 4,000 pinned buffers of 64 KiB would be 250 MiB
    });
  }

  test("with frames that announce much and send little: nothing is allocated for what has not come", async () => {
    const server = await startUpgrader();
    const grown = await growth(async () => {
      for (let i = 0; i < 50; i++) {
        const peer = await RawPeer.join(server.port);
        (await server.accepted()).handle({});
        peer.send({ ...text("begun"), announcedLength: BigInt(MIB) });
        const arrived = server.sockets[i] as Socket;
        await until(() => arrived.bytesRead === peer.raw.socket.bytesWritten);
      }
    });
    expect(grown).toBeLessThan(CEILING); // of the 50 MiB announced
  });

  test("with endless empty fragments: they are counted, and the connection ends", async () => {
    const { peer, connection } = await meet();
    connection.handle({});
    const fragments = Buffer.concat(Array.from({ length: 1_000 }, () => masked(continuation("", false))));
    const grown = await growth(async () => {
      peer.send(text("", false));
      while (connection.state === "open") {
        peer.raw.write(fragments);
        await nextTurn();
      }
    });
    expect(await peer.leave()).toEqual([{ close: 1008, reason: "too-many-fragments" }]);
    expect(grown).toBeLessThan(CEILING);
  });

  test("with a flood of pings from a peer that never reads the pongs", async () => {
    const { peer, connection, server } = await meet();
    connection.handle({});
    peer.raw.stopReading();
    const flood = Buffer.concat(Array.from({ length: 10_000 }, () => masked(ping("x".repeat(100)))));
    const arrived = server.sockets[0] as Socket;
    let most = 0;
    const grown = await growth(async () => {
      for (let sent = 0; sent < 20 * MIB; sent += flood.length) {
        peer.raw.write(flood);
        await until(() => arrived.bytesRead >= peer.raw.socket.bytesWritten);
        most = Math.max(most, connection.bufferedBytes);
      }
    });
    expect(most).toBeGreaterThan(0); // the flood did fill the kernel's buffers
    expect(most).toBeLessThan(256 * KIB);
    expect(grown).toBeLessThan(CEILING);
    expect(connection.state).toBe("open");
  });

  test("with a fast peer whose connection has failed while nobody read: what still comes is dropped", async () => {
    const { peer, connection, server } = await meet({ closeTimeoutMs: 60_000 });
    const frames = Buffer.concat(Array.from({ length: 100 }, () => masked(binary(new Uint8Array(10 * KIB)))));
    await sendUntilStuck(peer, frames);
    const arrived = server.sockets[0] as Socket;
    const grown = await growth(async () => {
      connection.fail(new Error("oh"));
      for (let i = 0; i < 50; i++) peer.raw.write(frames);
      await until(() => arrived.bytesRead >= peer.raw.socket.bytesWritten);
    });
    expect(grown).toBeLessThan(CEILING);
    expect(server.errors.splice(0)).toEqual([new Error("oh")]);
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    expect(await connection.closed).toMatchObject({ code: 1011 });
  });

  test("with messages that nobody has asked for: one is held and reading stops", async () => {
    const { peer, connection } = await meet();
    const frames = Buffer.concat(Array.from({ length: 100 }, () => masked(binary(new Uint8Array(10 * KIB)))));
    const grown = await growth(async () => {
      await sendUntilStuck(peer, frames);
    });
    expect(grown).toBeLessThan(CEILING);
    expect(connection.state).toBe("open");
    expect(await connection.receive()).toHaveLength(10 * KIB);
  });

  test("with clients that ask to be let in and are gone before the answer", async () => {
    const server = await startUpgrader();
    for (let i = 0; i < 50; i++) {
      const raw = await RawSocket.connect(server.port);
      await new Promise<void>((resolve) => void raw.socket.write(upgradeRequest(), () => resolve()));
      raw.reset();
    }
    await RawPeer.join(server.port); // it came last: all the others have been seen
    await until(() => server.upgrader.connections.size === 1);
    expect(server.errors).toEqual([]);
  });

  test("with clients that come, break the protocol and go", async () => {
    const server = await startUpgrader();
    const attack = async (rounds: number): Promise<void> => {
      for (let i = 0; i < rounds; i++) {
        const peer = await RawPeer.join(server.port);
        peer.send({ opcode: 0x3 });
        await peer.leave();
        await (
          await server.accepted()
        ).closed;
      }
      server.sockets.length = 0;
    };
    await attack(50); // what is made once is made now
    expect(await growth(() => attack(200))).toBeLessThan(CEILING);
    expect(server.upgrader.connections.size).toBe(0);
  });
});

import { expect, test } from "vitest";
import type { Connection, ConnectionOptions } from "../../src/connection/index.js";
import { defer } from "../../src/internal/deferred.js";
import type { FrameSpec } from "../protocol/support/frame-bytes.js";
import { binary, close, type RawPeer, text } from "../support/raw-peer.js";
import { nextTurn, until } from "../support/turns.js";

/** Options that connections of both roles have, as far as the contract sets them. */
interface ContractOptions extends ConnectionOptions {
  readonly readBufferSize?: number;
}

/** What a test asks of the peer that it meets. */
interface ContractPeer {
  /** Frames in the same packet as the handshake. */
  readonly together?: readonly FrameSpec[];
}

/** Has a connection of the role and transport under test meet a peer of the other role. */
export type Meet = (
  options?: ContractOptions,
  peer?: ContractPeer,
) => Promise<{ readonly peer: RawPeer; readonly connection: Connection<undefined> }>;

const KIB = 1024;

/** What a connection does whatever socket it runs on and whichever way that is read. */
export function connectionContract(meet: Meet): void {
  test("echoes messages of every length form, in order", async () => {
    const { peer, connection } = await meet();
    connection.handle({ message: (socket, message) => socket.write(message) });
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
      peer.send(text("x".repeat(length)), binary(Buffer.alloc(length, length)));
      expect(await peer.hear()).toEqual({ text: "x".repeat(length) });
      expect(await peer.hear()).toEqual({ binary: Buffer.alloc(length, length).toString("hex") });
    }
  });

  test("receives a message that is many reads long", async () => {
    const { peer, connection } = await meet({ readBufferSize: 256 });
    const message = Buffer.from(Array.from({ length: 10 * KIB }, (_, i) => i % 251));
    peer.send(binary(message));
    expect(await connection.receive()).toEqual(new Uint8Array(message));
  });

  test("receives what comes one byte at a time", async () => {
    const { peer, connection } = await meet();
    const frames = [text("héllo ", false), { opcode: 0x9, payload: "ping" }, { opcode: 0x0, payload: "wörld" }];
    await peer.raw.drip(Buffer.concat(frames.map((frame) => peer.bytesOf(frame))));
    expect(await connection.receive()).toBe("héllo wörld");
    expect(await peer.hear()).toEqual({ pong: "ping" });
  });

  test("loses nothing that comes with the handshake, before anybody reads, or while a body runs", async () => {
    const { peer, connection } = await meet({}, { together: [text("0"), text("1")] });
    await nextTurn();
    peer.say("2", "3");
    await nextTurn();
    const received: unknown[] = [];
    for await (const message of connection) {
      received.push(message);
      if (received.length === 2) peer.say("4", "5");
      if (received.length === 4) peer.close();
      await nextTurn();
    }
    expect(received).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  test("stops reading while a slow handler runs, so that a fast peer cannot send on, and then goes on", async () => {
    const { peer, connection } = await meet();
    const gate = defer<void>();
    let heard = 0;
    let isBusy = false;
    connection.handle({
      message: async () => {
        expect(isBusy).toBe(false);
        isBusy = true;
        await gate.promise;
        isBusy = false;
        heard++;
      },
    });
    const message = binary(new Uint8Array(64 * KIB));
    let sent = 0;
    // Until the kernel's buffers of both sides are full, and stay so.
    for (let idleTurns = 0; idleTurns < 200; idleTurns++) {
      if (peer.raw.socket.writableLength === 0) {
        peer.send(message);
        sent++;
        idleTurns = 0;
      }
      await nextTurn();
    }
    expect(heard).toBe(0);
    expect(peer.raw.socket.writableLength).toBeGreaterThan(0);
    gate.resolve();
    await until(() => heard === sent);
  });

  test("has send wait for a peer that does not read, and go on when it does", async () => {
    const { peer, connection } = await meet();
    peer.raw.stopReading();
    const message = new Uint8Array(64 * KIB);
    let sent = 0;
    while (!connection.needsDrain) {
      void connection.send(message);
      sent++;
      await nextTurn();
    }
    const waiting = connection.send("at last");
    peer.raw.readOn();
    await waiting;
    for (let i = 0; i < sent; i++) expect(await peer.hear()).toEqual({ binary: "00".repeat(message.length) });
    expect(await peer.hear()).toEqual({ text: "at last" });
  });

  test("closes by our wish", async () => {
    const { peer, connection } = await meet();
    const closed = connection.close(4000, "bye");
    expect(await peer.hear()).toEqual({ close: 4000, reason: "bye" });
    peer.close(4000);
    await peer.leave();
    expect(await closed).toEqual({ code: 4000, reason: "bye", by: "us", clean: true, error: undefined });
  });

  test("closes by the peer's wish", async () => {
    const { peer, connection } = await meet();
    peer.send(text("unread"), close(4000, "bye"));
    expect(await connection.receive()).toBe("unread");
    expect(await peer.leave()).toEqual([{ close: 4000, reason: "" }]);
    expect(await connection.closed).toEqual({ code: 4000, reason: "bye", by: "peer", clean: true, error: undefined });
  });

  test("tells a peer at fault why", async () => {
    const { peer, connection } = await meet();
    peer.send({ opcode: 0x3 });
    expect(await peer.leave()).toEqual([{ close: 1002, reason: "reserved-opcode" }]);
    expect(await connection.closed).toMatchObject({ code: 1002, error: { fault: "reserved-opcode" } });
  });

  test("notices a peer that ends its side without a close frame", async () => {
    const { peer, connection } = await meet();
    peer.say("last words");
    expect(await connection.receive()).toBe("last words");
    peer.raw.end();
    expect(await connection.closed).toMatchObject({ code: 1006, by: "peer", error: { code: "connection-lost" } });
  });

  test("notices a peer that resets", async () => {
    const { peer, connection } = await meet();
    peer.raw.reset();
    expect(await connection.closed).toMatchObject({ code: 1006, by: "peer", error: { code: "connection-lost" } });
  });

  test("terminates", async () => {
    const { peer, connection } = await meet();
    connection.terminate();
    expect(await peer.hearAll()).toEqual([]);
    expect(await connection.closed).toMatchObject({ code: 1006, by: "us", clean: false });
  });
}

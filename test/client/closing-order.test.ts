import { connect as connectTcp } from "node:net";
import { describe, expect, test } from "vitest";
import { connect, type ConnectOptions } from "../../src/client/index.js";
import { RawServer } from "../support/raw-server.js";
import { nextTurn } from "../support/turns.js";

/** Has a client of ours come to a server made of bytes, and notes who ends the TCP connection, and when. */
async function meet(options: ConnectOptions = {}) {
  const server = await RawServer.start();
  const ends: string[] = [];
  const dial: ConnectOptions["dial"] = (url) => {
    const socket = connectTcp({ host: url.hostname, port: Number(url.port), allowHalfOpen: true });
    return socket.once("end", () => ends.push("server")).once("finish", () => ends.push("client"));
  };
  const connecting = connect(server.url, { dial, ...options });
  const peer = (await server.visitor()).accept();
  return { peer, ends, connection: await connecting };
}

/** Long enough for what is on its way within this process to arrive. */
async function someTurns(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await nextTurn();
}

describe("RFC 6455 §7.1.1: a client, after the closing handshake", () => {
  test("that it began lets the server end the TCP connection first", async () => {
    const { peer, connection, ends } = await meet();
    const closed = connection.close(1000, "bye");
    expect(await peer.hear()).toEqual({ close: 1000, reason: "bye" });
    peer.close(1000);
    await someTurns();
    expect(ends).toEqual([]);
    peer.raw.socket.end();
    expect(await closed).toEqual({ code: 1000, reason: "bye", by: "us", clean: true, error: undefined });
    expect(ends).toEqual(["server", "client"]);
  });

  test("that the server began lets it end the TCP connection first, too", async () => {
    const { peer, connection, ends } = await meet();
    peer.close(1001, "going");
    expect(await peer.hear()).toEqual({ close: 1001, reason: "" });
    await someTurns();
    expect(ends).toEqual([]);
    peer.raw.socket.end();
    expect(await connection.closed).toMatchObject({ code: 1001, reason: "going", by: "peer", clean: true });
    expect(ends).toEqual(["server", "client"]);
  });

  test("waits for that no longer than closeTimeoutMs, and calls the end clean all the same", async () => {
    const { peer, connection } = await meet({ closeTimeoutMs: 50 });
    const closed = connection.close(1000, "bye");
    peer.close(1000);
    expect(await closed).toEqual({ code: 1000, reason: "bye", by: "us", clean: true, error: undefined });
    await peer.raw.ended;
  });

  test("answers no ping that came before the close frame, when the kernel is slow to take what stands before it", async () => {
    const { peer, connection, ends } = await meet();
    peer.raw.socket.pause();
    while (connection.write(new Uint8Array(1 << 20)));
    peer.send({ opcode: 0x9, payload: "ping" });
    peer.close(1000);
    await someTurns();
    peer.raw.socket.resume();
    let heard: unknown;
    while (typeof heard !== "object" || heard === null || !("close" in heard)) heard = await peer.hear();
    await someTurns();
    peer.raw.socket.end();
    expect(await peer.hearAll()).toEqual([]);
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
    expect(ends).toEqual(["server", "client"]);
  });
});

test("a client does not wait for a server that has broken the protocol", async () => {
  const { peer, ends } = await meet();
  peer.send({ opcode: 0x3 });
  expect(await peer.hear()).toEqual({ close: 1002, reason: "reserved-opcode" });
  await peer.raw.ended;
  expect(ends).toEqual(["client"]);
});

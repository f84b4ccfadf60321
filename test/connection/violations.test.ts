import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  Connection,
  MaskKeys,
  ReadBuffer,
  resolveConnectionOptions,
  WriteSlabPool,
} from "../../src/connection/index.js";
import { type FaultCode, faults } from "../../src/protocol/index.js";
import type { ConnectionOptions } from "../../src/server/index.js";
import { frameBytes } from "../protocol/support/frame-bytes.js";
import { type Provocation, provocations } from "../protocol/support/provocations.js";
import { ROOMY } from "../protocol/support/recording-sink.js";
import { meet } from "../support/meeting.js";
import { RawPeer, text } from "../support/raw-peer.js";

/** The faults that only a server can commit, so that no client's bytes show them. */
const faultsOfServers: readonly FaultCode[] = ["masked-frame"];

/** The faults that only who has agreed on compression can commit: test/connection/deflate provokes them. */
const faultsOfCompression: readonly FaultCode[] = ["invalid-deflate"];

const cases = Object.entries(provocations).flatMap(([fault, list]) =>
  list
    .filter((each) => each.only !== "client")
    .map((each) => ({ ...each, fault: fault as FaultCode, closeCode: faults[fault as FaultCode].closeCode })),
);

function optionsOf({ setup = {} }: Provocation): ConnectionOptions {
  const { limits = {}, messageTypes } = setup;
  return { ...ROOMY, ...limits, messageTypes };
}

describe("a client that breaks the protocol gets the close code for it, and then its socket is closed", () => {
  for (const { fault, closeCode, before = [], bad, ...provocation } of cases) {
    test(`${provocation.what}: ${closeCode}`, async () => {
      const { server, peer, connection } = await meet(optionsOf(provocation as Provocation));
      connection.handle({});
      peer.send(...before, bad, text("and what follows is ignored"));
      const said = await peer.leave();
      expect(said.at(-1)).toEqual({ close: closeCode, reason: fault });
      expect(said.slice(0, -1).every((each) => "pong" in each)).toBe(true);
      expect(await connection.closed).toMatchObject({
        code: closeCode,
        reason: fault,
        by: "us",
        clean: false,
        error: { name: "ConnectionError", code: "protocol-fault", fault },
      });
      // The server lives on.
      const next = await RawPeer.join(server.port);
      await (await server.accepted()).send("welcome");
      expect(await next.hear()).toEqual({ text: "welcome" });
    });
  }

  test("whatever row of the table it is", () => {
    const provoked = new Set(cases.map((each) => each.fault));
    expect([...provoked, ...faultsOfServers, ...faultsOfCompression].toSorted()).toEqual(
      Object.keys(faults).toSorted(),
    );
  });
});

describe("a server that breaks the protocol gets the close code for it from a connection that is the client", () => {
  test("RFC 6455 §5.1: a masked frame: 1002", async () => {
    const listener = createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const accepted = once(listener, "connection") as Promise<[Socket]>;
    const socket = connect((listener.address() as AddressInfo).port, "127.0.0.1");
    const [server] = await accepted;
    onTestFinished(() => {
      socket.destroy();
      server.destroy();
      listener.close();
    });
    const setup = {
      socket,
      options: resolveConnectionOptions({}),
      readBuffer: new ReadBuffer(1024),
      writeSlabs: new WriteSlabPool(1024),
      maskKeys: new MaskKeys(),
    } as const;
    const details = { remote: "", local: "", subprotocol: "", url: "/", headers: {}, data: undefined };
    const connection = new Connection(setup, details, () => {}, Buffer.alloc(0));
    server.end(frameBytes({ ...text("a"), maskKey: [1, 2, 3, 4] }));
    const info = await connection.closed;
    expect(info).toMatchObject({ code: 1002, by: "us", clean: false, error: { fault: "masked-frame" } });
  });
});

describe("a fault", () => {
  test("has the messages before it delivered and none after it", async () => {
    const { peer, connection } = await meet();
    const heard: unknown[] = [];
    connection.handle({ message: (_, message) => heard.push(message) });
    peer.send(text("a"), text("b"), { opcode: 0x3 }, text("c"));
    await peer.leave();
    expect(heard).toEqual(["a", "b"]);
  });

  test("is seen behind one message that nobody has read", async () => {
    const { peer, connection } = await meet();
    peer.send(text("unread"), { opcode: 0x3 });
    expect(await connection.receive()).toBe("unread");
    expect(await peer.leave()).toEqual([{ close: 1002, reason: "reserved-opcode" }]);
  });

  test("has what was sent before go out first", async () => {
    const { peer, connection } = await meet();
    connection.handle({ message: (socket, message) => socket.write(message) });
    peer.send(text("a"), { opcode: 0x3 });
    expect(await peer.leave()).toEqual([{ text: "a" }, { close: 1002, reason: "reserved-opcode" }]);
  });

  test("while we are closing ends the connection at once, with no second close frame", async () => {
    const { peer, connection } = await meet();
    const closed = connection.close(4000);
    peer.send({ opcode: 0x3 });
    expect(await peer.leave()).toEqual([{ close: 4000, reason: "" }]);
    expect(await closed).toMatchObject({ code: 4000, by: "us", clean: false, error: { fault: "reserved-opcode" } });
  });

  test("is told to the handler as an error that says what, where it stands and which code, and then the end", async () => {
    const { peer, connection } = await meet();
    const told: string[] = [];
    connection.handle({
      error: (_, error) => told.push(error.message),
      close: (_, info) => told.push(String(info.code)),
    });
    peer.send({ opcode: 0x3 });
    await peer.leave();
    await connection.closed;
    expect(told).toEqual([
      "reserved-opcode: The opcode is one of those reserved for later (0x3-0x7, 0xB-0xF). (RFC 6455 §5.2, close code 1002)",
      "1002",
    ]);
  });
});

import { describe, expect, test } from "vitest";
import type { ConnectionError } from "../../src/connection/index.js";
import { meet } from "../support/meeting.js";
import { RawPeer } from "../support/raw-peer.js";
import { recorder } from "../support/recording-handler.js";
import { nextTurn, until } from "../support/turns.js";

describe("what a handler throws", () => {
  const callbacks: Record<string, () => unknown> = {
    throws: () => {
      throw new Error("oh");
    },
    rejects: () => Promise.reject(new Error("oh")),
  };

  for (const [fails, callback] of Object.entries(callbacks)) {
    test(`in \`message\` (it ${fails}) ends that connection with 1011, and goes to \`error\``, async () => {
      const { peer, connection } = await meet();
      const errors: ConnectionError[] = [];
      const heard: unknown[] = [];
      connection.handle({
        message: (_, message) => {
          heard.push(message);
          return callback();
        },
        error: (_, error) => errors.push(error),
      });
      peer.say("a", "b");
      expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
      expect(heard).toEqual(["a"]);
      expect(errors).toMatchObject([{ code: "handler-failed", cause: { message: "oh" } }]);
      expect(await connection.closed).toEqual({ code: 1011, reason: "", by: "us", clean: false, error: errors[0] });
    });

    test(`in \`open\` (it ${fails}) ends the connection with 1011 before any message`, async () => {
      const { peer, connection } = await meet();
      const log: string[] = [];
      connection.handle(recorder(log, { open: callback }));
      peer.say("a");
      expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
      await connection.closed;
      expect(log).toEqual(["open", "error handler-failed", "close 1011"]);
    });

    test(`in \`close\` (it ${fails}) goes to \`error\` and changes nothing about the end`, async () => {
      const { peer, connection } = await meet();
      const log: string[] = [];
      connection.handle(recorder(log, { close: callback }));
      peer.close(1000);
      expect(await peer.leave()).toEqual([{ close: 1000, reason: "" }]);
      expect(await connection.closed).toMatchObject({ code: 1000, clean: true, error: undefined });
      await until(() => log.length === 3);
      expect(log).toEqual(["open", "close 1000", "error handler-failed"]);
    });

    test(`in \`error\` (it ${fails}) goes to onError, and the handler is told of the end all the same`, async () => {
      const { peer, connection, server } = await meet();
      const log: string[] = [];
      connection.handle(recorder(log, { error: callback }));
      peer.send({ opcode: 0x3 });
      expect(await peer.leave()).toEqual([{ close: 1002, reason: "reserved-opcode" }]);
      await connection.closed;
      expect(server.errors.splice(0)).toEqual([new Error("oh")]);
      expect(log).toEqual(["open", "error protocol-fault", "close 1002"]);
    });
  }

  test.each([
    ["an object without a prototype", Object.create(null)],
    ["an object whose toString throws", { toString: () => callbacks["throws"]?.() }],
    ["undefined", undefined],
    ["a symbol", Symbol("oh")],
  ])("may be %s: the connection ends with 1011 all the same", async (_, thrown) => {
    for (const message of [
      () => {
        throw thrown;
      },
      async () => {
        await nextTurn();
        throw thrown;
      },
    ]) {
      const { peer, connection } = await meet();
      const errors: ConnectionError[] = [];
      connection.handle({ message, error: (__, error) => errors.push(error) });
      peer.say("a");
      expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
      expect(errors).toMatchObject([{ code: "handler-failed" }]);
      expect(errors[0]?.cause).toBe(thrown);
      await connection.closed;
    }
  });

  test("is reported once where `error` itself declares a failure", async () => {
    const { peer, connection, server } = await meet();
    const log: string[] = [];
    const failure = new Error("from error");
    connection.handle(recorder(log, { error: () => connection.fail(failure) }));
    peer.send({ opcode: 0x3 });
    await peer.leave();
    await connection.closed;
    expect(log).toEqual(["open", "error protocol-fault", "close 1002"]);
    expect(server.errors.splice(0)).toEqual([failure]);
  });

  test("goes to onError, whose own rejection goes nowhere", async () => {
    const { peer, connection } = await meet({ onError: () => Promise.reject(new Error("from onError")) as never });
    connection.handle({ message: callbacks["rejects"] as () => unknown });
    peer.say("a");
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    await connection.closed;
    await nextTurn();
  });

  test("goes to onError, with the connection, when there is no `error`", async () => {
    const reported: unknown[] = [];
    const { peer, connection } = await meet({ onError: (...args) => reported.push(args) });
    connection.handle({ message: callbacks["throws"] as () => unknown });
    peer.say("a");
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    expect(reported).toEqual([[new Error("oh"), connection]]);
  });

  test("and what onError throws then is dropped", async () => {
    const { peer, connection } = await meet({
      onError: () => {
        throw new Error("worse");
      },
    });
    connection.handle({ message: callbacks["throws"] as () => unknown });
    peer.say("a");
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    expect(await connection.closed).toMatchObject({ code: 1011 });
  });

  test("never reaches the peer: not even the message of the error", async () => {
    const { peer, connection } = await meet();
    connection.handle({
      message: () => {
        throw new Error("the password is swordfish");
      },
      error: () => {},
    });
    peer.say("a");
    await peer.hearAll();
    expect(await peer.raw.rest()).toBe("");
  });

  test("while closing goes to `error` too and lets the handshake end", async () => {
    const { peer, connection } = await meet();
    const errors: string[] = [];
    connection.handle({
      message: (socket) => {
        void socket.close(4001, "enough");
        throw new Error("after closing");
      },
      error: (_, error) => errors.push(error.message),
    });
    peer.say("a");
    expect(await peer.hear()).toEqual({ close: 4001, reason: "enough" });
    peer.close(4001);
    await peer.leave();
    expect(errors).toEqual(["the handler failed: after closing"]);
    expect(await connection.closed).toMatchObject({ code: 4001, clean: true, error: undefined });
  });
});

describe("a handler whose send finds the peer gone", () => {
  test("has not failed: nobody is told of an error of its own", async () => {
    const { peer, connection, server } = await meet({ highWaterMark: 1000 });
    const log: string[] = [];
    connection.handle(recorder(log, { message: (socket) => socket.send(new Uint8Array(8_000_000)) }));
    peer.raw.stopReading();
    peer.say("a");
    await until(() => connection.needsDrain);
    peer.raw.reset();
    await until(() => log.includes("close 1006"));
    expect(log).toEqual(["open", "message a", "error connection-lost", "close 1006"]);
    expect(server.errors).toEqual([]);
  });

  test("has failed when the connection that is gone is another one", async () => {
    const { peer, connection, server } = await meet();
    const other = await RawPeer.join(server.port);
    const gone = await server.accepted();
    gone.terminate();
    connection.handle({ message: (_, message) => gone.send(message) });
    peer.say("for the other");
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    expect(server.errors.splice(0)).toMatchObject([{ code: "not-open" }]);
    await other.raw.ended;
  });
});

import { describe, expect, test } from "vitest";
import { Guard, type GuardOwner } from "../../src/connection/guard.js";
import { Inbound, type InboundOwner } from "../../src/connection/inbound.js";
import { Reader, type ReaderOwner } from "../../src/connection/reader.js";
import { ReadBuffer, resolveConnectionOptions } from "../../src/connection/index.js";
import { MAX_TEXT_BYTES } from "../../src/connection/received-message.js";
import { processTimers } from "../../src/connection/timer-wheel.js";
import type { FaultCode } from "../../src/protocol/index.js";
import { meet } from "../support/meeting.js";
import { binary, continuation, ping, text } from "../support/raw-peer.js";

describe("maxMessageBytes", () => {
  test("takes a message of just so many bytes, in one frame or many", async () => {
    const { peer, connection } = await meet({ maxMessageBytes: 10 });
    peer.send(text("0123456789"), text("01234", false), continuation("56789"));
    expect(await connection.receive()).toBe("0123456789");
    expect(await connection.receive()).toBe("0123456789");
  });

  test("counts bytes, not characters, and ends one byte more with 1009", async () => {
    const { peer } = await meet({ maxMessageBytes: 10 });
    peer.send(text("éééééé"));
    expect(await peer.hear()).toMatchObject({ close: 1009 });
  });

  test("counts the fragments of one message together, as their headers come", async () => {
    const { peer } = await meet({ maxMessageBytes: 10 });
    peer.send(text("01234", false), { ...continuation(""), announcedLength: 6n });
    expect(await peer.hear()).toEqual({ close: 1009, reason: "message-too-big" });
  });

  test("counts each message for itself", async () => {
    const { peer, connection } = await meet({ maxMessageBytes: 10 });
    for (let i = 0; i < 5; i++) {
      peer.say("01234567");
      expect(await connection.receive()).toBe("01234567");
    }
  });

  test("is 1 MiB by default", async () => {
    const { peer, connection } = await meet();
    peer.send(binary(new Uint8Array(1 << 20)));
    expect(await connection.receive()).toHaveLength(1 << 20);
    peer.send({ opcode: 0x2, announcedLength: (1n << 20n) + 1n });
    expect(await peer.hear()).toMatchObject({ close: 1009 });
  });

  test("may be Infinity for none", async () => {
    const { peer, connection } = await meet({ maxMessageBytes: Infinity });
    peer.send(binary(new Uint8Array(3 << 20)));
    expect(await connection.receive()).toHaveLength(3 << 20);
  });
});

describe("a text that is longer than a string can be", () => {
  test("ends the connection with 1009, also where no limit is set", () => {
    const faults: FaultCode[] = [];
    const readBuffer = new ReadBuffer(256);
    const setup = {
      options: resolveConnectionOptions({ maxMessageBytes: Infinity }),
      readBuffer,
      writeSlabs: readBuffer.slabs(256),
      maskKeys: undefined,
      timers: processTimers,
    };
    const owner = {
      fault: (code: FaultCode) => faults.push(code),
      handleMessage: () => {},
      noteMessage: () => {},
      pump: () => {},
    } as unknown as GuardOwner & InboundOwner & ReaderOwner;
    const guard = new Guard(setup.options, setup.timers, owner);
    const inbound = new Inbound(setup, "server", guard, new Reader(owner), owner);
    // Half a gigabyte would take a second to send: the receiver's part is played here.
    inbound.text(new Uint8Array(0), 0, MAX_TEXT_BYTES, true);
    expect(faults).toEqual([]);
    inbound.text(new Uint8Array(0), 0, MAX_TEXT_BYTES + 1, true);
    expect(faults).toEqual(["message-too-big"]);
    guard.stop();
  });
});

describe("maxFrameBytes", () => {
  test("limits one frame, and not the message that many of them make", async () => {
    const { peer, connection } = await meet({ maxFrameBytes: 5 });
    peer.send(text("01234", false), continuation("56789"));
    expect(await connection.receive()).toBe("0123456789");
    peer.send(text("012345"));
    expect(await peer.hear()).toEqual({ close: 1009, reason: "frame-too-big" });
  });

  test("does not limit control frames, which have a limit of their own", async () => {
    const { peer } = await meet({ maxFrameBytes: 5 });
    peer.send(ping("0123456789"));
    expect(await peer.hear()).toEqual({ pong: "0123456789" });
  });
});

describe("maxFragments", () => {
  test("takes a message of just so many frames, control frames not counted, and ends one more with 1008", async () => {
    const { peer, connection } = await meet({ maxFragments: 3 });
    peer.send(text("a", false), ping(), continuation("b", false), ping(), continuation("c"));
    expect(await connection.receive()).toBe("abc");
    peer.send(text("a", false), continuation("b", false), continuation("c", false), continuation("d"));
    const said = await peer.leave();
    expect(said.at(-1)).toEqual({ close: 1008, reason: "too-many-fragments" });
  });

  test("is 16,384 by default", async () => {
    const { peer, connection } = await meet();
    const middle = Array.from({ length: 16_382 }, () => continuation("", false));
    peer.send(text("a", false), ...middle, continuation("z"));
    expect(await connection.receive()).toBe("az");
    peer.send(text("a", false), ...middle, continuation("", false), continuation("z"));
    expect(await peer.hear()).toEqual({ close: 1008, reason: "too-many-fragments" });
  });
});

describe("messageTypes", () => {
  test.each([
    ["text", text("a"), binary(Uint8Array.of(1))],
    ["binary", binary(Uint8Array.of(1)), text("a")],
  ] as const)("%s takes just that, and ends the other type with 1003", async (messageTypes, right, wrong) => {
    const { peer, connection } = await meet({ messageTypes });
    peer.send(right);
    expect(await connection.receive()).toHaveLength(1);
    peer.send(wrong);
    expect(await peer.hear()).toEqual({ close: 1003, reason: "unsupported-data" });
  });

  test("restricts what is received, not what is sent", async () => {
    const { peer, connection } = await meet({ messageTypes: "text" });
    await connection.send(Uint8Array.of(1));
    expect(await peer.hear()).toEqual({ binary: "01" });
  });
});

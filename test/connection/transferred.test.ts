import { describe, expect, test } from "vitest";
import { type ConnectionError, prepare } from "../../src/connection/index.js";
import { ControlledBlob } from "../support/controlled-blob.js";
import { meet } from "../support/meeting.js";
import { transportPaths } from "../support/transport-paths.js";
import { nextTurn, until } from "../support/turns.js";

const LONG_BYTES = 40_000; // more than is copied when it is sent

/** Has the memory of `view` be somebody else's, as `postMessage` to a worker does. */
function transfer<View extends ArrayBufferView>(view: View): View {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

describe("memory that was transferred to somebody else", () => {
  test.each<[string, ArrayBufferView | ArrayBuffer]>([
    ["a Uint8Array", transfer(new Uint8Array(4))],
    ["a Buffer", transfer(Buffer.from(new Uint8Array(4).buffer))],
    ["an array of wider numbers", transfer(new Float32Array(4))],
    ["a DataView", transfer(new DataView(new ArrayBuffer(4)))],
    ["an ArrayBuffer", transfer(new Uint8Array(4)).buffer],
  ])("is refused as %s, and nothing is sent", async (_, message) => {
    const { peer, connection } = await meet();
    const refusal = /^cannot send bytes whose buffer was transferred/;
    expect(() => connection.send(message)).toThrow(refusal);
    expect(() => connection.write(message)).toThrow(refusal);
    expect(() => prepare(message)).toThrow(refusal);
    await connection.send(new Uint8Array(0));
    expect(await peer.hear()).toEqual({ binary: "" });
  });

  test("while the message stands in line is not sent, and its sender told", async () => {
    const { peer, connection } = await meet();
    const blob = new ControlledBlob();
    const first = connection.send(blob);
    const bytes = new Uint8Array(LONG_BYTES);
    const second = connection.send(bytes);
    const third = connection.send("third");
    transfer(bytes);
    blob.give("first");
    await Promise.all([
      first,
      third,
      expect(second).rejects.toThrow(/^cannot send bytes whose buffer was transferred/),
    ]);
    expect(await peer.hear()).toEqual({ binary: Buffer.from("first").toString("hex") });
    expect(await peer.hear()).toEqual({ text: "third" });
  });

  test("between `send` and the write ends the connection with 1011: what follows would be taken for the message", async () => {
    const { peer, connection } = await meet();
    const errors: ConnectionError[] = [];
    connection.handle({ error: (__, error) => void errors.push(error) });
    void connection.send("before");
    await nextTurn();
    const bytes = new Uint8Array(LONG_BYTES);
    void connection.send(bytes);
    transfer(bytes);
    const waiting = connection.send("after");
    expect(await peer.leave()).toEqual([{ text: "before" }, { close: 1011, reason: "" }]);
    expect(errors).toMatchObject([{ code: "handler-failed", cause: expect.any(TypeError) as TypeError }]);
    await waiting;
    expect(await connection.closed).toMatchObject({ code: 1011, by: "us" });
  });

  test.each(transportPaths.slice(2))(
    "while the message is on its way, on $title, ends the connection: the rest is not there",
    async ({ join, setup }) => {
      const { peer, connection } = await meet({ maxBufferedBytes: Infinity }, join, setup?.());
      peer.raw.stopReading();
      const bytes = new Uint8Array(32 * 1024 * 1024);
      connection.write(bytes);
      await until(() => connection.bufferedBytes > 0);
      await nextTurn();
      transfer(bytes);
      peer.raw.discard();
      const info = await connection.closed;
      expect(info).toMatchObject({ code: 1006, clean: false, error: { code: "connection-lost" } });
      expect(info.error?.message).toContain("transferred");
    },
  );

  test("is no piece of a message: one that has begun ends with the connection", async () => {
    const { peer, connection, server } = await meet();
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(1);
      yield transfer(new Uint8Array(4));
    }
    await expect(connection.send(pieces())).rejects.toThrow(/^cannot send bytes whose buffer was transferred/);
    expect(await peer.leave()).toEqual([
      { fragment: "01", opcode: 2, isFinal: false },
      { close: 1011, reason: "" },
    ]);
    expect(server.errors.splice(0)).toMatchObject([{ message: expect.stringMatching(/transferred/) as string }]);
  });
});

import { Blob } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Connection, prepare } from "../../src/connection/index.js";
import type { UpgraderOptions } from "../../src/server/index.js";
import { meetCompressed } from "../support/compressing-peer.js";
import { meet } from "../support/meeting.js";
import type { RawPeer } from "../support/raw-peer.js";
import { transportPaths } from "../support/transport-paths.js";
import { nextTurn } from "../support/turns.js";

const KIB = 1024;
const TEXT = 0x1;

const ways = ["text", "bytes", "prepared", "blob", "pieces", "writable"] as const;
/** Steps of somebody who sends, and of a peer that reads at times. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        length: fc.constantFrom(0, 5, 130, 5 * KIB, 40 * KIB, 700 * KIB),
        way: fc.constantFrom(...ways),
      }),
    },
    fc.record({ turns: fc.constantFrom(1, 2, 5) }),
    fc.constantFrom("ping" as const, "stop reading" as const, "read on" as const, "wait" as const),
  ),
  { minLength: 4, maxLength: 30 },
);
type Steps = typeof steps extends fc.Arbitrary<infer Value> ? Value : never;

const options: UpgraderOptions = {
  highWaterMark: 64 * KIB,
  lowWaterMark: 8 * KIB,
  maxBufferedBytes: Infinity,
  maxMessageBytes: 1024 * KIB,
};

/** Sends message `number` in one of the ways that there are; as text it consists of ASCII. */
function send(connection: Connection, number: number, length: number, way: (typeof ways)[number]): Promise<unknown> {
  const bytes = messageOf(number, length);
  const half = length >> 1;
  switch (way) {
    case "text":
      return connection.send(bytes.toString());
    case "bytes":
      return connection.send(bytes);
    case "prepared":
      return connection.send(prepare(bytes.toString()));
    case "blob":
      return connection.send(new Blob([bytes]));
    case "pieces":
      return connection.send(piecesOf(bytes.subarray(0, half), bytes.subarray(half)));
    case "writable": {
      const writer = connection.createWritable().getWriter();
      void writer.write(bytes.subarray(0, half));
      void writer.write(bytes.subarray(half));
      return writer.close();
    }
  }
}

function messageOf(number: number, length: number): Buffer {
  return Buffer.alloc(length, 0x21 + number);
}

async function* piecesOf(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

interface Heard {
  readonly messages: Buffer[];
  close?: number;
}

/** All that `peer` hears until the other side ends: the messages, put together and inflated, and the code of the close frame. */
async function hearAll(peer: RawPeer, inflate: (bytes: Buffer) => Buffer): Promise<Heard> {
  const heard: Heard = { messages: [] };
  let isCompressed = false;
  let parts: Buffer[] = [];
  for (let said = await peer.hear(); said !== undefined; said = await peer.hear()) {
    if ("text" in said) heard.messages.push(Buffer.from(said.text));
    else if ("binary" in said) heard.messages.push(Buffer.from(said.binary, "hex"));
    else if ("close" in said) {
      heard.close = said.close as number;
      peer.close(said.close);
    } else if ("fragment" in said || "compressed" in said) {
      if (said.opcode >= TEXT) isCompressed = "compressed" in said;
      parts.push(Buffer.from("compressed" in said ? said.compressed : said.fragment, "hex"));
      if (!said.isFinal) continue;
      const whole = Buffer.concat(parts);
      heard.messages.push(isCompressed ? inflate(whole) : whole);
      parts = [];
    }
  }
  peer.raw.end();
  return heard;
}

async function play(
  each: Steps,
  peer: RawPeer,
  connection: Connection,
  inflate: (bytes: Buffer) => Buffer = (bytes) => bytes,
): Promise<void> {
  const over = hearAll(peer, inflate);
  const lengths: number[] = [];
  const sent: Promise<unknown>[] = [];
  let isReading = true;
  for (const step of each) {
    if (step === "ping") connection.ping().catch(() => {});
    else if (step === "wait") {
      if (isReading) await sent.at(-1);
    } else if (step === "stop reading" || step === "read on") {
      isReading = step === "read on";
      if (isReading) peer.raw.readOn();
      else peer.raw.stopReading();
    } else if ("turns" in step) for (let turn = 0; turn < step.turns; turn++) await nextTurn();
    else {
      sent.push(send(connection, lengths.length, step.length, step.way));
      lengths.push(step.length);
    }
  }
  peer.raw.readOn();
  await Promise.all(sent);
  expect(connection.needsDrain).toBe(false);
  const closed = connection.close(4000);
  const { messages, close } = await over;
  expect(close).toBe(4000);
  expect(messages.map(({ length }) => length)).toEqual(lengths);
  expect(messages.findIndex((message, i) => !message.equals(messageOf(i, message.length)))).toBe(-1);
  expect(await closed).toMatchObject({ code: 4000, by: "us", clean: true });
  expect(connection.bufferedBytes).toBe(0);
}

const title =
  "whatever is sent, in any way, arrives in order, at whatever times the peer reads, and each send has an end";

test.each(transportPaths)(`over $title: ${title}`, async ({ join, setup }) => {
  await fc.assert(
    fc.asyncProperty(steps, async (each) => {
      const { peer, connection } = await meet(options, join, setup?.());
      await play(each, peer, connection);
    }),
    { numRuns: 60, endOnFailure: true, timeout: 4_000 },
  );
});

test(`compressed: ${title}`, async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (each) => {
      const { peer, connection } = await meetCompressed(options);
      await play(each, peer.raw, connection, (bytes) => peer.deflate.unpack(bytes));
    }),
    { numRuns: 60, endOnFailure: true, timeout: 4_000 },
  );
});

import fc from "fast-check";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Connection, MessageStream } from "../../src/connection/index.js";
import type { FrameSpec } from "../protocol/support/frame-bytes.js";
import { meetCompressed } from "../support/compressing-peer.js";
import { meet } from "../support/meeting.js";
import { binary, close, ping, type RawPeer } from "../support/raw-peer.js";
import { transportPaths } from "../support/transport-paths.js";
import { nextTurn } from "../support/turns.js";

const KIB = 1024;
/** Steps of a peer that sends messages and pings, and of somebody who takes the messages at any time. */
const steps = fc.array(
  fc.oneof(
    fc.record({
      send: fc.array(fc.constantFrom(0, 5, 300, 5 * KIB, 70 * KIB, 300 * KIB), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({
      take: fc.constantFrom("receive" as const, "receive in time" as const, "stream" as const, "part" as const),
    }),
    fc.record({ turns: fc.constantFrom(1, 2, 5) }),
    fc.constant("ping" as const),
  ),
  { minLength: 4, maxLength: 24 },
);
type Steps = typeof steps extends fc.Arbitrary<infer Value> ? Value : never;

/** Its number tells a message from the others, and its length. */
function messageOf(number: number, length: number): Buffer {
  return Buffer.alloc(length, number);
}

async function bytesOf(stream: MessageStream | undefined): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream ?? []) pieces.push(piece as Uint8Array);
  return Buffer.concat(pieces);
}

/** Takes the next message, `sent`, in one of the ways that there are. */
async function take(connection: Connection, way: string, sent: Buffer): Promise<void> {
  if (way === "part") {
    const stream = await connection.receiveStream();
    await stream?.[Symbol.asyncIterator]().next();
    stream?.cancel();
    return;
  }
  if (way === "stream") {
    expect((await bytesOf(await connection.receiveStream())).equals(sent)).toBe(true);
    return;
  }
  const options = way === "receive" ? undefined : { timeoutMs: 10_000 };
  expect(sent.equals((await connection.receive(options)) as Uint8Array)).toBe(true);
}

/** A peer that sends messages and pings, and hears which of those are answered. */
class Probe {
  readonly sent: Buffer[] = [];
  /** Fulfilled when the other side has ended. */
  readonly over: Promise<void>;
  readonly #peer: RawPeer;
  readonly #frames: (message: Buffer) => readonly FrameSpec[];
  /** How many messages were sent before each of the pings. */
  readonly #pings: number[] = [];
  #answered = 0;

  constructor(peer: RawPeer, frames: (message: Buffer) => readonly FrameSpec[]) {
    this.#peer = peer;
    this.#frames = frames;
    this.over = this.#hear();
  }

  get areAllAnswered(): boolean {
    return this.#answered === this.#pings.length;
  }

  send(lengths: readonly number[]): void {
    const messages = lengths.map((length, i) => messageOf(this.sent.length + i, length));
    this.sent.push(...messages);
    this.#peer.send(...messages.flatMap(this.#frames));
  }

  ping(): void {
    this.#pings.push(this.sent.length);
    this.#peer.send(ping(String(this.#pings.length)));
  }

  close(): void {
    this.#peer.send(close(1000));
  }

  /** Waits until all pings are answered that nothing but `taken` messages went before. */
  async answers(taken: number): Promise<void> {
    const due = this.#pings.filter((before) => before <= taken).length;
    for (const deadline = performance.now() + 3_000; this.#answered < due; await delay(1)) {
      if (performance.now() > deadline) throw new Error(`${this.#answered} of ${due} pings are answered`);
    }
  }

  async #hear(): Promise<void> {
    for (let said = await this.#peer.hear(); said !== undefined; said = await this.#peer.hear()) {
      if ("pong" in said) this.#answered = Number(said.pong);
    }
    this.#peer.raw.end();
  }
}

async function play(each: Steps, probe: Probe, connection: Connection): Promise<void> {
  let taken = 0;
  const takeNext = async (way: string): Promise<void> => {
    const message = probe.sent[taken];
    if (message === undefined) return;
    await take(connection, way, message);
    taken++;
  };
  for (const step of each) {
    if (step === "ping") probe.ping();
    else if ("send" in step) probe.send(step.send);
    else if ("take" in step) await takeNext(step.take);
    else for (let turn = 0; turn < step.turns; turn++) await nextTurn();
  }
  probe.ping();
  await probe.answers(taken);
  while (taken < probe.sent.length) await takeNext("receive");
  await probe.answers(taken);
  probe.close();
  expect(await connection.closed).toMatchObject({ code: 1000, by: "peer", clean: true });
  await probe.over;
  expect(probe.areAllAnswered).toBe(true);
}

const title =
  "whoever takes a message, in any way and at any time, has what is behind it read as far as the next message";

test.each(transportPaths)(`over $title: ${title}`, async ({ join, setup }) => {
  await fc.assert(
    fc.asyncProperty(steps, async (each) => {
      const { peer, connection } = await meet({}, join, setup?.());
      await play(each, new Probe(peer, (message) => [binary(message)]), connection);
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test(`compressed: ${title}`, async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (each, fragments) => {
      const { peer, connection } = await meetCompressed();
      await play(each, new Probe(peer.raw, (message) => peer.frames(message, fragments)), connection);
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

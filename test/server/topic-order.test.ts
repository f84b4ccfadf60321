import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection/index.js";
import type { Server, Topic } from "../../src/server/index.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import type { Said } from "../support/server-frame.js";
import { nextTurn, until } from "../support/turns.js";

const PEERS = 4;
/** Small, so that messages of a turn fill it, and some are too long for it. */
const options = { writeBufferSize: 1_024, highWaterMark: 4_096 } as const;

const who = fc.nat({ max: PEERS - 1 });
const name = fc.constantFrom<"a" | "b">("a", "b");
const length = fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 400 }), fc.constantFrom(125, 126, 511, 600, 1_500));
const anyStep = fc.oneof(
  { weight: 8, arbitrary: fc.record({ act: fc.constant("publish"), topic: name, length, isText: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant("publish to others"), topic: name, length, who, again: fc.nat(2) }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("write"), who, length, isText: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("ping"), who }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("look"), who }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("blob"), who, length }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("add"), who, topic: name }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("delete"), who, topic: name }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("close"), who }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("terminate"), who }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("turn") }) },
);
/** Whom each topic has at first. */
const members = fc.record({ a: fc.subarray([0, 1, 2, 3]), b: fc.subarray([0, 1, 2, 3]) });
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** One connection, and what its peer is to hear by the order of the calls. */
class Listener {
  readonly peer: RawPeer;
  readonly connection: Connection;
  readonly expected: Said[] = [];
  readonly topics = new Set<string>();
  wasTerminated = false;

  constructor(peer: RawPeer, connection: Connection) {
    this.peer = peer;
    this.connection = connection;
  }

  add(topic: Topic): void {
    if (this.connection.state !== "open") return;
    this.topics.add(topic.name);
    topic.add(this.connection);
  }

  expect(message: string | Buffer): void {
    if (this.connection.state !== "open") return;
    this.expected.push(typeof message === "string" ? { text: message } : { binary: message.toString("hex") });
  }
}

/** A ping goes ahead of messages that wait for one that has to be read first. */
function isPing(said: Said): boolean {
  return "ping" in said;
}

function isMessage(said: Said): boolean {
  return !isPing(said);
}

async function meet(server: Server, accepted: Connection[]): Promise<Listener[]> {
  const listeners: Listener[] = [];
  for (let i = 0; i < PEERS; i++) {
    const peer = await RawPeer.join(server.port);
    await until(() => accepted.length > 0);
    listeners.push(new Listener(peer, accepted.pop() as Connection));
  }
  return listeners;
}

type Topics = Readonly<Record<"a" | "b", Topic>>;

async function take(step: Step, number: number, topics: Topics, listeners: readonly Listener[]): Promise<void> {
  const text = `${number}`.padEnd("length" in step ? step.length : 0, "·");
  const message = "isText" in step && !step.isText ? Buffer.from(text) : text;
  const listener = listeners["who" in step ? step.who : 0] as Listener;
  const { connection } = listener;
  const publish = (subject: Topic, except?: Connection): void => {
    const to = listeners.filter((each) => each.topics.has(subject.name) && each.connection !== except);
    for (const each of to) each.expect(message);
    const open = to.filter((each) => each.connection.state === "open");
    const { sent, slow } = subject.publish(message, { except });
    expect(sent).toBe(open.length);
    expect(slow).toBe(open.filter((each) => each.connection.needsDrain).length);
  };
  switch (step.act) {
    case "publish":
      publish(topics[step.topic]);
      break;
    case "publish to others":
      for (let i = 0; i <= step.again; i++) publish(topics[step.topic], connection);
      break;
    case "write":
      listener.expect(message);
      connection.write(message);
      break;
    case "ping":
      if (connection.state === "open") listener.expected.push({ ping: text });
      void connection.ping(text);
      break;
    case "look": {
      const before = connection.bufferedBytes;
      expect(connection.bufferedBytes).toBe(before);
      break;
    }
    case "blob":
      listener.expect(Buffer.from(text));
      connection.write(new Blob([text]));
      break;
    case "add":
      listener.add(topics[step.topic]);
      break;
    case "delete":
      listener.topics.delete(topics[step.topic].name);
      topics[step.topic].delete(connection);
      break;
    case "close":
      void connection.close(4_000);
      break;
    case "terminate":
      listener.wasTerminated = true;
      connection.terminate();
      break;
    case "turn":
      await nextTurn();
  }
}

describe("what is published to topics", () => {
  test("comes in the order of the calls, among all else that is sent, to who is in them and open then", async () => {
    const accepted: Connection[] = [];
    const server = await listening({
      ...options,
      routes: { "/": { open: (connection) => void accepted.push(connection), message: () => {} } },
    });
    let runs = 0;
    const property = fc.asyncProperty(
      members,
      fc.array(anyStep, { minLength: 30, maxLength: 80 }),
      async (atFirst, steps) => {
        const listeners = await meet(server, accepted);
        const topics = { a: server.topic(`a${runs}`), b: server.topic(`b${runs++}`) };
        for (const topic of ["a", "b"] as const) for (const each of atFirst[topic]) listeners[each]?.add(topics[topic]);
        for (const [number, step] of steps.entries()) await take(step, number, topics, listeners);
        for (const { connection } of listeners) void connection.close(4_000);
        for (const { peer, expected, wasTerminated } of listeners) {
          if (!wasTerminated) peer.close(4_000);
          const heard = (await peer.leave()).filter((said) => !wasTerminated || !("close" in said));
          const all = wasTerminated ? expected : [...expected, { close: 4_000, reason: "" }];
          for (const kind of [isPing, isMessage]) {
            const [said, wanted] = [heard.filter(kind), all.filter(kind)];
            expect(said).toEqual(wasTerminated ? wanted.slice(0, said.length) : wanted);
          }
        }
      },
    );
    await fc.assert(property, { numRuns: 150 });
  }, 60_000);
});

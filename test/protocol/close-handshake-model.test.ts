import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  answerClose,
  answerTo,
  closeByPeer,
  closeByUs,
  type Closer,
  type CloseState,
  type CloseSummary,
  cutTransport,
  failByUs,
  OPEN,
} from "../../src/protocol/close-handshake.js";
import type { ClosePayload } from "../../src/protocol/close-payload.js";

type Side = "a" | "b";

function other(side: Side): Side {
  return side === "a" ? "b" : "a";
}

/** An endpoint that does what the state under test says: it sends a close frame when that changes. */
class Endpoint {
  state: CloseState = OPEN;
  /** Its close frames, in order, and how many of them have arrived. */
  readonly sent: ClosePayload[] = [];
  arrived = 0;

  close(payload: ClosePayload): void {
    const before = this.state;
    this.state = closeByUs(before, payload);
    if (this.state !== before) this.sent.push(payload);
  }

  receive(payload: ClosePayload): void {
    this.state = closeByPeer(this.state, payload);
  }

  answer(): void {
    const before = this.state;
    this.state = answerClose(before);
    if (before.kind === "closing" && this.state !== before) this.sent.push(answerTo(before.payload));
  }

  fail(payload: ClosePayload): void {
    if (this.state.kind === "open") this.sent.push(payload);
    this.state = failByUs(this.state, payload);
  }

  cut(by: Closer): void {
    this.state = cutTransport(this.state, by);
  }
}

class Pair {
  readonly a = new Endpoint();
  readonly b = new Endpoint();
}

/** What has happened to one endpoint, in order. */
type Happening =
  | { readonly what: "sent" | "received" | "failed"; readonly payload: ClosePayload }
  | { readonly what: "cut"; readonly by: Closer };

/** The model: the bare history of both endpoints, from which `expectedState` says by the RFC what state each is in. */
class History {
  readonly a: Happening[] = [];
  readonly b: Happening[] = [];
}

/** RFC 6455 §7.1: the first frame says how it ends, both frames make it clean, whatever comes after the end is void. */
function expectedState(happenings: readonly Happening[]): CloseState {
  const [first, second] = happenings;
  if (first === undefined) return { kind: "open" };
  if (first.what === "cut") return closed({ code: 1006, reason: "" }, first.by, false);
  if (first.what === "failed") return closed(first.payload, "us", false);
  const by = first.what === "sent" ? "us" : "peer";
  if (second === undefined) return { kind: "closing", by, payload: first.payload };
  return closed(first.payload, by, second.what === (by === "us" ? "received" : "sent"));
}

function closed(payload: ClosePayload, by: Closer, clean: boolean): CloseState {
  return { kind: "closed", summary: { ...payload, by, clean } };
}

type Command = fc.Command<History, Pair>;

function command(
  name: string,
  side: Side,
  act: (history: Happening[], endpoint: Endpoint, pair: Pair) => void,
): Command {
  return {
    check: () => true,
    run: (model, pair) => {
      const endpoint = pair[side];
      act(model[side], endpoint, pair);
      expect(endpoint.state).toEqual(expectedState(model[side]));
      // RFC 6455 §5.5.1: an endpoint MUST NOT send a second close frame, nor anything after the first.
      expect(endpoint.sent.length).toBeLessThanOrEqual(1);
    },
    toString: () => `${side} ${name}`,
  };
}

/** The endpoint's application closes: it may at any time, to no effect when it is not the first. */
function close(side: Side, payload: ClosePayload): Command {
  return command(`closes with ${payload.code}`, side, (history, endpoint) => {
    endpoint.close(payload);
    if (history.length === 0) history.push({ what: "sent", payload });
  });
}

/** The next close frame on its way arrives, even where the endpoint has given up. */
function arrive(side: Side): Command {
  return command("receives", side, (history, endpoint, pair) => {
    const peer = pair[other(side)];
    const payload = peer.sent[peer.arrived];
    if (payload === undefined) return;
    peer.arrived++;
    endpoint.receive(payload);
    history.push({ what: "received", payload });
  });
}

/** The endpoint answers what it received; asked to at any time, it does so only then, and only once. */
function answer(side: Side): Command {
  return command("answers", side, (history, endpoint) => {
    endpoint.answer();
    const [first, second] = history;
    if (first?.what === "received" && second === undefined) {
      history.push({ what: "sent", payload: { code: first.payload.code, reason: "" } });
      expect(endpoint.sent).toEqual([{ code: first.payload.code, reason: "" }]);
    }
  });
}

function fail(side: Side, payload: ClosePayload): Command {
  return command(`fails with ${payload.code}`, side, (history, endpoint) => {
    endpoint.fail(payload);
    history.push({ what: "failed", payload });
  });
}

function cut(side: Side, by: Closer): Command {
  return command(`loses its transport to ${by}`, side, (history, endpoint) => {
    endpoint.cut(by);
    history.push({ what: "cut", by });
  });
}

const anySide = fc.constantFrom<Side>("a", "b");
const anyPayload = fc.record({ code: fc.constantFrom(1000, 1001, 3000, 4999), reason: fc.constantFrom("", "why") });

const politeCommands = [
  fc.tuple(anySide, anyPayload).map(([side, payload]) => close(side, payload)),
  anySide.map(arrive),
  anySide.map(answer),
];

const rudeCommands = [
  ...politeCommands,
  fc.tuple(anySide, anyPayload).map(([side, payload]) => fail(side, payload)),
  fc.tuple(anySide, fc.constantFrom<Closer>("us", "peer")).map(([side, by]) => cut(side, by)),
];

function run(commands: Iterable<Command>): Pair {
  const real = new Pair();
  fc.modelRun(() => ({ model: new History(), real }), commands);
  return real;
}

/** Runs `commands`, then delivers and answers all that is left. */
function settle(commands: Iterable<Command>): readonly [CloseState, CloseState] {
  const rest = [arrive("a"), answer("a"), arrive("b"), answer("b"), arrive("a"), arrive("b")];
  const { a, b } = run([...commands, ...rest]);
  return [a.state, b.state];
}

function summariesOf(commands: Iterable<Command>): readonly [CloseSummary, CloseSummary] {
  const [a, b] = settle(commands);
  if (a.kind !== "closed" || b.kind !== "closed") return expect.fail("a side has not closed");
  return [a.summary, b.summary];
}

describe("two endpoints that close", () => {
  const first = { code: 4000, reason: "a is done" };
  const second = { code: 4001, reason: "b is done" };

  test("RFC 6455 §7.1: are in the state that their history says, whatever comes in whatever order", () => {
    fc.assert(
      fc.property(fc.commands(rudeCommands, { maxCommands: 12 }), (commands) => {
        run(commands);
      }),
      { numRuns: 500 },
    );
  });

  test("RFC 6455 §7.1.3: end clean and agree who was first once all frames have arrived", () => {
    fc.assert(
      fc.property(fc.commands(politeCommands, { maxCommands: 12 }), (commands) => {
        const [a, b] = summariesOf([...commands, close("a", first)]);
        expect([a.clean, b.clean]).toEqual([true, true]);
        expect([a.by, b.by]).not.toEqual(["peer", "peer"]);
        // Where their frames crossed, each was first in its own eyes and keeps its own code.
        if (a.by !== b.by) expect([a.code, a.reason]).toEqual([b.code, b.reason]);
      }),
      { numRuns: 300 },
    );
  });

  test("RFC 6455 §7.1.1: by the first endpoint's wish end with its code and reason on both sides", () => {
    expect(summariesOf([close("a", first)])).toEqual([
      { ...first, by: "us", clean: true },
      { ...first, by: "peer", clean: true },
    ]);
    expect(summariesOf([close("b", second)])).toEqual([
      { ...second, by: "peer", clean: true },
      { ...second, by: "us", clean: true },
    ]);
  });

  test("RFC 6455 §5.5.1: at the same time need no further frame, and each was first in its own eyes", () => {
    expect(summariesOf([close("a", first), close("b", second)])).toEqual([
      { ...first, by: "us", clean: true },
      { ...second, by: "us", clean: true },
    ]);
  });
});

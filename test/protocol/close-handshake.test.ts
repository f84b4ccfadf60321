import { describe, expect, test } from "vitest";
import {
  answerClose,
  answerTo,
  closeByPeer,
  closeByUs,
  type CloseState,
  cutTransport,
  failByUs,
  OPEN,
  withoutHandshake,
} from "../../src/protocol/close-handshake.js";
import { buildClosePayload } from "../../src/protocol/close-payload.js";

const ours = { code: 1001, reason: "restart" };
const theirs = { code: 4000, reason: "bye" };
const failure = { code: 1002, reason: "" };

const closingByUs: CloseState = { kind: "closing", by: "us", payload: ours };
const closingByPeer: CloseState = { kind: "closing", by: "peer", payload: theirs };
const closed: CloseState = { kind: "closed", summary: { ...ours, by: "us", clean: true } };

const states = { open: OPEN, "closing by us": closingByUs, "closing by the peer": closingByPeer, closed };
type StateName = keyof typeof states;

describe("a closing handshake", () => {
  test("begins open", () => {
    expect(OPEN).toEqual({ kind: "open" });
  });

  test.each<[StateName, CloseState]>([
    ["open", closingByUs],
    ["closing by us", closingByUs],
    ["closing by the peer", closingByPeer],
    ["closed", closed],
  ])("RFC 6455 §5.5.1: that is %s sends our close frame if none was sent or received", (from, to) => {
    expect(closeByUs(states[from], ours)).toEqual(to);
    expect(closeByUs(states[from], from === "open" ? ours : failure)).toEqual(to);
  });

  test.each<[StateName, CloseState]>([
    ["open", closingByPeer],
    ["closing by us", { kind: "closed", summary: { ...ours, by: "us", clean: true } }],
    ["closing by the peer", closingByPeer],
    ["closed", closed],
  ])("RFC 6455 §7.1.1: that is %s takes the peer's close frame as the first or as the answer", (from, to) => {
    expect(closeByPeer(states[from], theirs)).toEqual(to);
  });

  test.each<[StateName, CloseState]>([
    ["open", OPEN],
    ["closing by us", closingByUs],
    ["closing by the peer", { kind: "closed", summary: { ...theirs, by: "peer", clean: true } }],
    ["closed", closed],
  ])("RFC 6455 §5.5.1: that is %s ends with our answer only where the peer began", (from, to) => {
    expect(answerClose(states[from])).toEqual(to);
  });

  test.each<[StateName, CloseState]>([
    ["open", { kind: "closed", summary: { ...failure, by: "us", clean: false } }],
    ["closing by us", { kind: "closed", summary: { ...ours, by: "us", clean: false } }],
    ["closing by the peer", { kind: "closed", summary: { ...theirs, by: "peer", clean: false } }],
    ["closed", closed],
  ])("RFC 6455 §7.1.7: that is %s is over, and not clean, when we fail the connection", (from, to) => {
    expect(failByUs(states[from], failure)).toEqual(to);
  });

  test.each<[StateName, CloseState]>([
    ["closing by us", { kind: "closed", summary: { ...ours, by: "us", clean: false } }],
    ["closing by the peer", { kind: "closed", summary: { ...theirs, by: "peer", clean: false } }],
    ["closed", closed],
  ])("RFC 6455 §7.1.4: that is %s is over, and not clean, when the transport ends", (from, to) => {
    expect(cutTransport(states[from], "us")).toEqual(to);
    expect(cutTransport(states[from], "peer")).toEqual(to);
  });

  test.each(["us", "peer"] as const)(
    "RFC 6455 §7.1.5: is 1006 when %s ended the transport without a close frame",
    (by) => {
      expect(cutTransport(OPEN, by)).toEqual({ kind: "closed", summary: { code: 1006, reason: "", by, clean: false } });
    },
  );
});

describe("the answer to a close frame", () => {
  test("RFC 6455 §5.5.1: echoes its code and not its reason", () => {
    expect(answerTo(theirs)).toEqual({ code: 4000, reason: "" });
  });

  test("RFC 6455 §5.5.1: is empty where it was empty", () => {
    const answer = answerTo({ code: 1005, reason: "" });
    expect(buildClosePayload(answer.code, answer.reason)).toEqual(new Uint8Array(0));
  });
});

test("withoutHandshake() keeps who closed and why, and calls it not clean", () => {
  const handshaken = closeByPeer(closeByUs(OPEN, { code: 4000, reason: "enough" }), { code: 4000, reason: "" });
  if (handshaken.kind !== "closed") throw new Error("not closed");
  expect(handshaken.summary).toEqual({ code: 4000, reason: "enough", by: "us", clean: true });
  expect(withoutHandshake(handshaken)).toEqual({
    kind: "closed",
    summary: { code: 4000, reason: "enough", by: "us", clean: false },
  });
});

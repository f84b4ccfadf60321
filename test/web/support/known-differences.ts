/**
 * What other implementations do otherwise than the suite expects, and why the suite is right. docs/web.md tells of the same.
 */

/** An expectation that Node's own class does not meet: the major versions that were seen to, and what they do instead. */
export interface NodeDifference {
  readonly in: readonly number[];
  readonly instead: string;
}

const IN_ONE_GO = "it dispatches all messages of one packet in one go; the standard has a task for each";

/** Of the class of Node (undici), by the name of the expectation. */
export const nodeDifferences: Readonly<Record<string, NodeDifference>> = {
  "interface: ignores a binaryType that is none (binaryType-wrong-value)": {
    in: [22, 26],
    instead: "it takes every other value for blob; WebIDL ignores what is not among an enumeration's values",
  },
  "handlers: what is no object counts as null, what cannot be called is kept and does nothing (events/006-012)": {
    in: [22],
    instead: "it forgets objects that cannot be called",
  },
  "handlers: keep their place when replaced, and lose it by null (HTML, event handlers)": {
    in: [22, 26],
    instead: "a handler that replaces another goes behind all listeners",
  },
  "events: let promises that wait for one run before the next": { in: [22, 26], instead: IN_ONE_GO },
  "close: drops messages that come after it (readyState/007)": { in: [22, 26], instead: IN_ONE_GO },
  "send: what is changed after it is sent as it was": { in: [22, 26], instead: IN_ONE_GO },
  "failing: a refused handshake is an error, then a close with 1006 (Create-blocked-port, cookies)": {
    in: [22],
    instead: "no close event follows the error",
  },
  "failing: nobody listens": { in: [22], instead: "no close event follows the error" },
  "failing: a frame that breaks the protocol is an error, then a close with 1006": {
    in: [22],
    instead: "it is still OPEN when it tells of the error",
  },
  "failing: a lost connection is an error (RFC 6455 §7.2.1)": { in: [22], instead: "it only closes" },
  "failing: close() while connecting gives up, later (close-connecting, readyState/006)": {
    in: [22, 26],
    instead: "it tells of the end within close(), before the caller has gone on",
  },
  "close: rounds a code to the nearest integer (WebIDL [Clamp])": { in: [22, 26], instead: "it does not round" },
  "close: a reason with an undefined code goes with 1000 (close/006)": { in: [22], instead: "it drops the reason" },
  "close: what was sent before it arrives (send/010)": {
    in: [22, 26],
    instead: "it drops a Blob that close() follows",
  },
  "send: refuses views of shared and of resizable memory (WebIDL)": { in: [26], instead: "it takes resizable memory" },
  "send: memory that was transferred is empty": { in: [22, 26], instead: "it throws a TypeError" },
  "bufferedAmount: only grows once closing or closed, and is not reset (bufferedAmount/006-010)": {
    in: [22, 26],
    instead: "it does not count what is given to send once it is closing",
  },
};

/** Of Chromium's WebSocket, by the name of the expectation: what it does instead. */
export const chromiumDifferences: Readonly<Record<string, string>> = {
  "constructor: refuses a URL that is none, of another scheme or with a fragment (Create-invalid-urls)":
    "it encodes a space in a host name where the URL standard, and Node's URL, fail",
  "constructor: refuses one that is there twice but for its case (Create-protocols-repeated-case-insensitive)":
    "it compares subprotocols with regard to case",
  "failing: a lost connection is an error (RFC 6455 §7.2.1)": "it only closes; RFC 6455 has it fail the connection",
  "close: rounds a code to the nearest integer (WebIDL [Clamp])": "it cuts the fraction off",
  "close: a reason with an undefined code goes with 1000 (close/006)": "it takes an explicit undefined for 0",
};

/** Of Chromium's WebSocketStream. */
export const chromiumStreamDifferences: Readonly<Record<string, string>> = {
  "signal: its reason is what both reject with (abort)":
    "it rejects with an AbortError of its own, whatever the reason is",
};

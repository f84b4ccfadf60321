import type { HandshakeExpectation, HandshakeResponse } from "../../../src/protocol/handshake-response.js";
import type { ResponseFaultCode, ResponseFaultSubject } from "../../../src/protocol/response-fault.js";
import type { Header } from "./handshake-requests.js";
import { ACCEPT, answer, answerWith } from "./handshake-responses.js";

interface ResponseViolation {
  readonly what: string;
  readonly headers?: readonly Header[];
  readonly response?: Partial<HandshakeResponse>;
  readonly expected?: Partial<HandshakeExpectation>;
}

interface Ways {
  readonly subject: ResponseFaultSubject;
  readonly by: readonly ResponseViolation[];
}

/** The ways to answer with these values of one header. */
function byValues(section: string, name: string, ...lists: readonly (readonly string[])[]): ResponseViolation[] {
  return lists.map((values) => ({
    what: `RFC 6455 §${section}: ${name} ${JSON.stringify(values)}`,
    headers: answerWith(name, ...values),
  }));
}

/** For every fault of an answer the ways to commit it, and the part that it is in. */
export const responseViolations: Readonly<Record<ResponseFaultCode, Ways>> = {
  "status-not-101": {
    subject: "upgrade",
    by: [100, 102, 200, 204, 302, 401, 426, 500, 1010, 0].map((status) => ({
      what: `RFC 6455 §4.1: status ${status}`,
      response: { status },
    })),
  },
  "response-version-too-old": {
    subject: "upgrade",
    by: ["1.0", "0.9", "", "x"].map((httpVersion) => ({
      what: `RFC 6455 §4.2.2: HTTP version ${JSON.stringify(httpVersion)}`,
      response: { httpVersion },
    })),
  },
  "upgrade-not-websocket": {
    subject: "upgrade",
    by: byValues(
      "4.1",
      "Upgrade",
      [],
      [""],
      ["h2c"],
      ["websockets"],
      ["websocket/13"],
      ["websocket, h2c"],
      ["h2c, websocket"],
      ["websocket,"],
      ['"websocket"'],
      ["web socket"],
      ["websoc\u212aet"],
      ["websocket", "websocket"],
      ["websocket", "h2c"],
    ),
  },
  "response-connection-without-upgrade": {
    subject: "upgrade",
    by: byValues("4.1", "Connection", [], [""], ["keep-alive"], ["close, x-upgrade"], ["upgrade;q=1"], ["Up grade"]),
  },
  "accept-missing": {
    subject: "accept-key",
    by: [
      ...byValues("4.1", "Sec-WebSocket-Accept", []),
      {
        what: "RFC 6455 §4.1: names like Sec-WebSocket-Accept only",
        headers: [...answerWith("Sec-WebSocket-Accept"), ["Sec-WebSocket-Accepts", ACCEPT], ["Accept", ACCEPT]],
      },
    ],
  },
  "accept-repeated": {
    subject: "accept-key",
    by: byValues("11.3.3", "Sec-WebSocket-Accept", [ACCEPT, ACCEPT], ["", ACCEPT], ["a", "b", "c"]),
  },
  "accept-wrong": {
    subject: "accept-key",
    by: byValues(
      "4.1",
      "Sec-WebSocket-Accept",
      [""],
      ["dGhlIHNhbXBsZSBub25jZQ=="],
      [ACCEPT.toLowerCase()],
      [ACCEPT.slice(0, -1)],
      [`${ACCEPT}=`],
      [`${ACCEPT},`],
      [`"${ACCEPT}"`],
      [`${ACCEPT}, ${ACCEPT}`],
      [`\u00a0${ACCEPT}`],
    ),
  },
  "extensions-repeated": {
    subject: "extension",
    by: byValues("11.3.2", "Sec-WebSocket-Extensions", ["permessage-deflate", "x-other"], ["", ""]),
  },
  "extensions-unreadable": {
    subject: "extension",
    by: byValues(
      "9.1",
      "Sec-WebSocket-Extensions",
      [""],
      [";"],
      ["permessage-deflate;"],
      ['x-other; a="'],
      ["x other"],
    ),
  },
  "extension-not-offered": {
    subject: "extension",
    by: [
      ...byValues(
        "4.1",
        "Sec-WebSocket-Extensions",
        ["x-webkit-deflate-frame"],
        ["permessage-deflate, x-unknown"],
        ["Permessage-Deflate"],
        ["constructor"],
        ["__proto__"],
      ),
      {
        what: "RFC 6455 §4.1: an extension where none was offered",
        headers: answerWith("Sec-WebSocket-Extensions", "permessage-deflate"),
        expected: { deflate: undefined },
      },
    ],
  },
  "extension-agreed-twice": {
    subject: "extension",
    by: byValues(
      "9.1",
      "Sec-WebSocket-Extensions",
      ["permessage-deflate, permessage-deflate"],
      ["permessage-deflate; server_no_context_takeover, permessage-deflate; unknown"],
    ),
  },
  "deflate-parameter-unknown": {
    subject: "extension",
    by: byValues("7.1 of RFC 7692", "Sec-WebSocket-Extensions", ["permessage-deflate; unknown"]),
  },
  "deflate-parameter-repeated": {
    subject: "extension",
    by: byValues("7.1 of RFC 7692", "Sec-WebSocket-Extensions", [
      "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    ]),
  },
  "deflate-parameter-invalid": {
    subject: "extension",
    by: byValues("7.1 of RFC 7692", "Sec-WebSocket-Extensions", ["permessage-deflate; server_max_window_bits=16"]),
  },
  "deflate-takeover-kept": {
    subject: "extension",
    by: byValues("7.1.1.1 of RFC 7692", "Sec-WebSocket-Extensions", ["permessage-deflate; server_max_window_bits=12"]),
  },
  "subprotocol-repeated": {
    subject: "subprotocol",
    by: byValues("11.3.4", "Sec-WebSocket-Protocol", ["chat", "chat"], ["chat", "superchat"], ["", ""]),
  },
  "subprotocol-not-offered": {
    subject: "subprotocol",
    by: [
      ...byValues(
        "4.1",
        "Sec-WebSocket-Protocol",
        [""],
        ["Chat"],
        ["chat.v2"],
        ["chat, superchat"],
        ["chat,"],
        ['"chat"'],
      ),
      {
        what: "RFC 6455 §4.1: a subprotocol where none was offered",
        headers: answerWith("Sec-WebSocket-Protocol", "chat"),
        expected: { subprotocols: [] },
      },
      {
        what: "RFC 6455 §4.1: an empty subprotocol where none was offered",
        headers: [...answer, ["Sec-WebSocket-Protocol", ""]],
        expected: { subprotocols: [] },
      },
    ],
  },
};

import { createServer, type IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { type HandshakeFaultCode, handshakeFaults } from "../../src/protocol/index.js";
import { type PeerOptions, RawPeer } from "../support/raw-peer.js";
import { startUpgrader, type UpgradeServer } from "../support/upgrade-server.js";
import { KEY } from "../support/upgrade-request.js";

interface WrongHandshake extends PeerOptions {
  readonly what: string;
  readonly fault: HandshakeFaultCode;
}

const wrongHandshakes: readonly WrongHandshake[] = [
  { what: "POST", fault: "method-not-get", method: "POST" },
  { what: "OPTIONS", fault: "method-not-get", method: "OPTIONS" },
  { what: "HTTP/1.0", fault: "http-version-too-old", version: "1.0" },
  { what: "a body of 5 bytes", fault: "request-has-body", headers: { "Content-Length": "5" } },
  { what: "a body in chunks", fault: "request-has-body", headers: { "Transfer-Encoding": "chunked" } },
  { what: "no Host", fault: "host-missing", headers: { Host: undefined } },
  { what: "an empty Host", fault: "host-missing", headers: { Host: "" } },
  { what: "two Hosts", fault: "host-repeated", headers: { Host: ["example.com", "example.org"] } },
  { what: "an Upgrade to something else", fault: "upgrade-missing", headers: { Upgrade: "h2c" } },
  { what: "a Connection without Upgrade", fault: "connection-without-upgrade", headers: { Connection: "keep-alive" } },
  { what: "no version", fault: "version-unsupported", headers: { "Sec-WebSocket-Version": undefined } },
  { what: "version 8", fault: "version-unsupported", headers: { "Sec-WebSocket-Version": "8" } },
  { what: "a list of versions", fault: "version-unsupported", headers: { "Sec-WebSocket-Version": "13, 8" } },
  { what: "two versions", fault: "version-repeated", headers: { "Sec-WebSocket-Version": ["13", "13"] } },
  { what: "no key", fault: "key-missing", headers: { "Sec-WebSocket-Key": undefined } },
  { what: "two keys", fault: "key-repeated", headers: { "Sec-WebSocket-Key": [KEY, KEY] } },
  { what: "an empty key", fault: "key-invalid", headers: { "Sec-WebSocket-Key": "" } },
  { what: "a key of 15 bytes", fault: "key-invalid", headers: { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA" } },
  { what: "a key that is no base64", fault: "key-invalid", headers: { "Sec-WebSocket-Key": `${KEY.slice(1)}!` } },
  { what: "two Origins", fault: "origin-repeated", headers: { Origin: ["http://a.example", "http://b.example"] } },
  {
    what: "a subprotocol that is no token",
    fault: "subprotocols-malformed",
    headers: { "Sec-WebSocket-Protocol": "a, b c" },
  },
  {
    what: "a subprotocol twice",
    fault: "subprotocols-malformed",
    headers: { "Sec-WebSocket-Protocol": ["a", "a"] },
  },
  {
    what: "an extension without a name",
    fault: "extensions-malformed",
    headers: { "Sec-WebSocket-Extensions": "; client_max_window_bits" },
  },
  {
    what: "an extension flood",
    fault: "extensions-malformed",
    headers: { "Sec-WebSocket-Extensions": "x, ".repeat(1000) },
  },
];

/** Headers that a refusal has beside those that each has. */
const ownHeaders: Partial<Record<HandshakeFaultCode, Readonly<Record<string, string>>>> = {
  "method-not-get": { allow: "GET" },
  "upgrade-missing": { upgrade: "websocket", connection: "close, Upgrade", "sec-websocket-version": "13" },
  "version-unsupported": { upgrade: "websocket", connection: "close, Upgrade", "sec-websocket-version": "13" },
};

/** Gives the upgrader every request, those too that Node does not take for an upgrade. */
function startForAnyRequest(): Promise<UpgradeServer> {
  const http = createServer();
  const server = startUpgrader({}, { http });
  http.on("request", (request: IncomingMessage) => {
    void server.then(({ upgrader }) => upgrader.upgrade(request, request.socket, Buffer.alloc(0)));
  });
  return server;
}

describe("RFC 6455 §4.2.2: a wrong opening handshake is refused with the status for it", () => {
  for (const { what, fault, ...request } of wrongHandshakes) {
    const { status, section, explanation } = handshakeFaults[fault];
    test(`RFC 6455 §${section}: ${what}: ${status}`, async () => {
      const server = await startForAnyRequest();
      const { raw, response } = await RawPeer.ask(server.port, request);
      const body = `${explanation} (RFC 6455 §${section})\n`;
      expect(response).toEqual({
        status,
        headers: {
          connection: "close",
          "content-length": String(Buffer.byteLength(body)),
          "content-type": "text/plain; charset=utf-8",
          ...ownHeaders[fault],
        },
        body,
      });
      expect(await raw.rest()).toBe("");
      expect(server.refusals).toMatchObject([{ code: fault, status }]);
      // The server lives on.
      await RawPeer.join(server.port);
    });
  }

  test("whatever row of the table it is", () => {
    const refused = new Set(wrongHandshakes.map((each) => each.fault));
    expect([...refused].toSorted()).toEqual(Object.keys(handshakeFaults).toSorted());
  });
});

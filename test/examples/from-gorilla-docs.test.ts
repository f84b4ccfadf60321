import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { start } from "../../examples/from-gorilla/echo.js";
import { EchoPeer } from "../support/echo-peer.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/from-gorilla.md");

/** What gorilla/websocket 1.5 exports and a program would look for. */
const surface = [
  "Upgrader.Upgrade",
  "HandshakeTimeout",
  "ReadBufferSize",
  "WriteBufferSize",
  "WriteBufferPool",
  "Subprotocols",
  "Error",
  "CheckOrigin",
  "EnableCompression",
  "IsWebSocketUpgrade(request)",
  "Subprotocols(request)",
  "ReadMessage",
  "WriteMessage",
  "NextReader",
  "NextWriter",
  "ReadJSON",
  "WriteJSON",
  "WriteControl",
  "WritePreparedMessage",
  "NewPreparedMessage",
  "SetReadLimit",
  "SetReadDeadline",
  "SetWriteDeadline",
  "SetPingHandler",
  "SetPongHandler",
  "SetCloseHandler",
  "SetCompressionLevel",
  "EnableWriteCompression",
  "Subprotocol",
  "LocalAddr",
  "RemoteAddr",
  "UnderlyingConn",
  "NetConn",
  "Close",
  "Dial",
  "DialContext",
  "Proxy",
  "TLSClientConfig",
  "NetDial",
  "NetDialTLSContext",
  "Jar",
  "CloseError",
  "IsCloseError(err, codes...)",
  "IsUnexpectedCloseError",
  "FormatCloseMessage",
  "JoinMessages",
];

test("docs/from-gorilla.md names an equal for everything that gorilla has", () => {
  const named = Array.from(doc.text.matchAll(/^\| (`.*?) \|/gm), ([, cell = ""]) => cell).join(", ");
  for (const name of surface) expect(named, name).toContain(`\`${name}\``);
});

test("docs/from-gorilla.md shows the examples whole and as they are, and links to files that exist", () => {
  const files = readdirSync("examples/from-gorilla").map((name) => `examples/from-gorilla/${name}`);
  expect(doc.blocks.map(({ info }) => info)).toEqual(files);
  for (const { info, code } of doc.blocks) expect(code).toBe(readFileSync(info, "utf8"));
  for (const link of doc.links()) expect(existsSync(join("docs", link)), link).toBe(true);
});

test("the echo of docs/from-gorilla.md echoes, and prints who has sent what", async () => {
  const printed = vi.spyOn(console, "log").mockImplementation(() => {});
  const http = start(0);
  onTestFinished(() => void http.close());
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const peer = await EchoPeer.connect(`ws://localhost:${port}/`, {}, ["chat.v2"]);
  expect(peer.socket.protocol).toBe("chat.v2");
  expect(await peer.echo("hello")).toBe("hello");
  expect(printed.mock.calls).toEqual([[expect.stringMatching(/:\d+ sent: hello$/)]]);
});

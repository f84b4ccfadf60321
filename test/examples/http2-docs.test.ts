import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { connect } from "halyard/client";
import { expect, onTestFinished, test } from "vitest";
import { openRooms } from "../../examples/http2/client.js";
import { createServer } from "../../examples/http2/own-server.js";
import { start } from "../../examples/http2/server.js";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/http2.md");
const certificate = await createSelfSigned(undefined);
const tls = { ca: certificate.cert };

test("docs/http2.md shows the examples whole and as they are", () => {
  const files = readdirSync("examples/http2").map((name) => `examples/http2/${name}`);
  expect(doc.blocks.map(({ info }) => info).toSorted()).toEqual(files);
  for (const { info, code } of doc.blocks) expect(code).toBe(readFileSync(info, "utf8"));
});

test("docs/http2.md links to files and headings that exist", () => {
  for (const link of doc.links()) {
    const [file = "", heading] = link.split("#");
    const path = file === "" ? "docs/http2.md" : join("docs", file);
    expect(existsSync(path), link).toBe(true);
    if (heading !== undefined) expect(new TutorialDoc(path).anchors(), link).toContain(`#${heading}`);
  }
});

test("the client of docs/http2.md shares a session of its server, which tells the version of HTTP", async () => {
  const server = await start(0, certificate);
  onTestFinished(async () => void (await server.close({ deadlineMs: 0 })));
  const rooms = await openRooms(`wss://localhost:${server.port}/echo`, certificate.cert, ["harbour", "bridge"]);
  expect(rooms.map(({ httpVersion }) => httpVersion)).toEqual(["2.0", "2.0"]);
  expect(new Set(rooms.map(({ local }) => local)).size).toBe(1);
  for (const room of rooms) {
    expect(await room.receive()).toBe("this is HTTP/2.0");
    await room.send("ahoy");
    expect(await room.receive()).toBe("ahoy");
    await room.close();
  }
});

test("the server of one's own of docs/http2.md takes both versions", async () => {
  const http2 = createServer(certificate);
  http2.listen(0, "127.0.0.1");
  await once(http2, "listening");
  onTestFinished(() => void http2.close());
  const url = `wss://127.0.0.1:${(http2.address() as AddressInfo).port}`;
  for (const version of ["2.0", "1.1"]) {
    const connection = await connect(url, { http2: version === "2.0", tls });
    expect(connection.httpVersion).toBe(version);
    expect(await connection.receive()).toBe("welcome");
    await connection.close();
  }
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { start as startStep1 } from "../../examples/tutorial/src/1-http-server.js";
import { start as startStep2 } from "../../examples/tutorial/src/2-upgrade.js";
import { start as startStep4 } from "../../examples/tutorial/src/4-close.js";
import { RawPeer } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { type CodeBlock, frameBytes, httpBytes, TutorialDoc } from "./tutorial-doc.js";

const docs = {
  "docs/tutorial.md": new TutorialDoc("docs/tutorial.md"),
  "docs/tutorial.zh-CN.md": new TutorialDoc("docs/tutorial.zh-CN.md"),
};
const SOURCES = "examples/tutorial/src";

/** The next bytes that came, as many as `expected` has; less when the server ends before. */
async function takeAsMuchAs(expected: Buffer, raw: RawSocket): Promise<Buffer> {
  const size = expected.length;
  const bytes = await raw.take((received) =>
    received.length < size ? undefined : { value: received.subarray(0, size), size },
  );
  return bytes ?? Buffer.from(await raw.rest(), "latin1");
}

/** A block whose translation must be the same: all of it, or its bytes where a frame is explained. */
function untranslated({ language, info, code }: CodeBlock): unknown {
  const isFrame = language === "text" && info !== "";
  return { language, info, code: isFrame ? frameBytes(code).toString("hex") : code };
}

test("both languages of the tutorial have the same code and the same bytes, in the same order", () => {
  const [english, chinese] = Object.values(docs).map((doc) => doc.blocks.map((block) => untranslated(block)));
  expect(chinese).toEqual(english);
});

describe.each(Object.entries(docs))("%s", (_, doc) => {
  test("shows code of the examples and no other", () => {
    const shown = doc.blocks.filter(({ language }) => language === "ts" || language === "html");
    for (const { info, code } of shown) expect(`\n${readFileSync(info, "utf8")}`).toContain(`\n${code}`);
    const programs = readdirSync(SOURCES).map((name) => `${SOURCES}/${name}`);
    expect(new Set(shown.map(({ info }) => info))).toEqual(new Set([...programs, "examples/tutorial/page/index.html"]));
  });

  test("shows every step whole, but for step 4, which it shows in pieces", () => {
    for (const name of readdirSync(SOURCES)) {
      const blocks = doc.blocks.filter(({ info }) => info === `${SOURCES}/${name}`);
      if (name === "4-close.ts") expect(blocks.length).toBeGreaterThan(1);
      else expect(blocks.map(({ code }) => code)).toEqual([readFileSync(`${SOURCES}/${name}`, "utf8")]);
    }
  });

  test("links to files and headings that exist", () => {
    const anchors = doc.anchors();
    for (const link of doc.links()) {
      if (link.startsWith("#")) expect(anchors).toContain(link);
      else expect(existsSync(join("docs", link)), link).toBe(true);
    }
  });
});

describe("what the tutorial says is on the wire", () => {
  beforeEach(() => {
    vi.spyOn(console, "log").mockImplementation(() => {});
  });

  const doc = docs["docs/tutorial.md"];
  test.each(doc.exchanges("http").map((exchange, index) => [index, exchange] as const))(
    "HTTP exchange %i: the request gets that response, byte for byte",
    async (index, { client, server }) => {
      const http = await (index === 0 ? startStep1(0) : startStep2(0));
      onTestFinished(() => void http.close());
      const raw = await RawSocket.connect((http.address() as AddressInfo).port);
      raw.write(httpBytes(client));
      const expected = httpBytes(server);
      const received = await takeAsMuchAs(expected, raw);
      const date = /^Date: .*$/m;
      expect(received.toString().replace(date, "Date:")).toBe(expected.toString().replace(date, "Date:"));
    },
  );

  test.each(doc.exchanges("text"))("frame exchange %$: the frame gets that answer", async ({ client, server }) => {
    const echo = await startStep4(0);
    onTestFinished(() => void echo.close());
    const { raw } = await RawPeer.join(echo.port, { path: "/echo" });
    raw.write(frameBytes(client));
    const expected = frameBytes(server);
    expect((await takeAsMuchAs(expected, raw)).toString("hex")).toBe(expected.toString("hex"));
  });
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { start as startChannels } from "../../examples/coming-from/django-channels.js";
import { start as startJakarta } from "../../examples/coming-from/jakarta.js";
import { start as startPython } from "../../examples/coming-from/python-websockets.js";
import { start as startSocketIo } from "../../examples/coming-from/socket-io.js";
import { start as startSpring } from "../../examples/coming-from/spring.js";
import { start as startUws } from "../../examples/coming-from/uwebsockets.js";
import { start as startWs } from "../../examples/coming-from/ws.js";
import { EchoPeer } from "../support/echo-peer.js";
import { TutorialDoc } from "./tutorial-doc.js";

interface Stoppable {
  readonly port: number;
  close(options: { readonly deadlineMs: number }): Promise<unknown>;
}

/** Runs an example until the test is over; gives the URL of one of its paths. */
async function run(starting: Promise<Stoppable>, path = "/"): Promise<string> {
  const server = await starting;
  onTestFinished(async () => void (await server.close({ deadlineMs: 0 })));
  return `ws://127.0.0.1:${server.port}${path}`;
}

const json = async (peer: EchoPeer): Promise<unknown> => JSON.parse(String(await peer.receive()));

const pages = readdirSync("examples/coming-from").map((name) => ({
  page: `docs/from-${name.replace(".ts", ".md")}`,
  file: `examples/coming-from/${name}`,
}));

describe.each(pages)("$page", ({ page, file }) => {
  const doc = new TutorialDoc(page);

  test("shows their code beside ours, as it is in the example", () => {
    expect(doc.blocks).toHaveLength(2);
    expect(doc.blocks[1]).toEqual({ language: "ts", info: file, code: readFileSync(file, "utf8") });
  });

  test("says what Halyard has not, and links to files and headings that exist", () => {
    expect(doc.anchors()).toContain("#what-halyard-has-not");
    for (const link of doc.links()) {
      const [target = "", heading] = link.split("#");
      const linked = join(dirname(page), target);
      expect(existsSync(linked), link).toBe(true);
      if (heading !== undefined) expect(new TutorialDoc(linked).anchors(), link).toContain(`#${heading}`);
    }
  });
});

test("docs/from-ws.md tells everybody else what anybody says, text as text and bytes as bytes", async () => {
  const url = await run(startWs(0));
  const [alice, bob] = [await EchoPeer.connect(url), await EchoPeer.connect(url)];
  alice.send("hello");
  alice.send(Uint8Array.of(1, 2));
  expect(await bob.receive()).toBe("hello");
  expect(await bob.receive()).toEqual(Buffer.of(1, 2));
  bob.send("hi");
  expect(await alice.receive()).toBe("hi"); // and nothing of its own before
});

test("docs/from-socket-io.md has rooms, which hear only those who are in them", async () => {
  const url = await run(startSocketIo(0));
  const [alice, bob, eve] = [await EchoPeer.connect(url), await EchoPeer.connect(url), await EchoPeer.connect(url)];
  bob.send('{"event":"join","room":"blue"}');
  bob.send('{"event":"say","room":"blue","text":"anybody?"}');
  eve.send('{"event":"say","room":"blue","text":"not in"}');
  alice.send('{"event":"join","room":"blue"}');
  alice.send('{"event":"say","room":"blue","text":"ahoy"}');
  expect(await json(bob)).toEqual({ event: "said", room: "blue", text: "ahoy" });
  eve.send('{"event":"shout"}');
  expect((await eve.closed).code).toBe(1008);
});

test("docs/from-uwebsockets.md publishes each move to the others and confirms it", async () => {
  const url = await run(startUws(0), "/board");
  const [alice, bob] = [await EchoPeer.connect(url), await EchoPeer.connect(url)];
  alice.send("e2e4");
  expect(await alice.receive()).toBe("ok");
  expect(await bob.receive()).toBe("e2e4");
});

test("docs/from-python-websockets.md answers, tells everybody, and forgets who has left", async () => {
  const url = await run(startPython(0));
  const [alice, bob] = [await EchoPeer.connect(url), await EchoPeer.connect(url)];
  alice.send("hello");
  expect(await alice.receive()).toBe("you said hello");
  expect(await alice.receive()).toBe("somebody said hello");
  expect(await bob.receive()).toBe("somebody said hello");
  bob.socket.close();
  await bob.closed;
  alice.send("alone");
  expect(await alice.receive()).toBe("you said alone");
});

test("docs/from-django-channels.md lets in who has a session, into the room of the URL", async () => {
  const url = await run(startChannels(0), "/ws/chat");
  const headers = { cookie: "session=1" };
  expect(await EchoPeer.refusedStatus(`${url}?room=lobby`)).toBe(403);
  expect(await EchoPeer.refusedStatus(url, { headers })).toBe(400);
  const ada = await EchoPeer.connect(`${url}?room=lobby`, { headers });
  const other = await EchoPeer.connect(`${url}?room=other`, { headers });
  ada.send("hello");
  other.send("elsewhere");
  expect(await json(ada)).toEqual({ user: "ada", message: "hello" });
  expect(await json(other)).toEqual({ user: "ada", message: "elsewhere" });
});

test("docs/from-spring.md greets whoever has subscribed", async () => {
  const peer = await EchoPeer.connect(await run(startSpring(0), "/gs-guide-websocket"));
  peer.send('{"command":"SUBSCRIBE","destination":"/topic/greetings"}');
  peer.send('{"command":"SEND","destination":"/app/hello","name":"Ada"}');
  expect(await json(peer)).toEqual({ content: "Hello, Ada!" });
});

test("docs/from-jakarta.md welcomes, echoes, and prints who has left", async () => {
  const printed = vi.spyOn(console, "log").mockImplementation(() => {});
  const peer = await EchoPeer.connect(await run(startJakarta(0), "/echo"));
  expect(await peer.receive()).toBe("welcome");
  expect(await peer.echo("hello")).toBe("hello");
  peer.socket.close(1000, "bye");
  await peer.closed;
  await vi.waitFor(() => expect(printed.mock.calls).toEqual([[expect.stringMatching(/:\d+ left: 1000 bye$/)]]));
});

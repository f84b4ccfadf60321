import { type FrameSpec, frameBytes } from "../protocol/support/frame-bytes.js";
import { binary, close, continuation, ping, pong, type RawPeer, text } from "../support/raw-peer.js";
import { RawServer, type Visitor } from "../support/raw-server.js";
import type { Said } from "../support/server-frame.js";

/** What the server says, and what a right client answers, its close frame last. */
interface FuzzingCase {
  readonly name: string;
  readonly says: readonly FrameSpec[];
  readonly wants: readonly Said[];
}

const goodbye = { close: 1000, reason: "" };
const large = "⚓".repeat(100_000);

/** A few of the kinds of cases that the Autobahn test suite has. */
export const fuzzingCases: readonly FuzzingCase[] = [
  { name: "text", says: [text("hello"), close(1000)], wants: [{ text: "hello" }, goodbye] },
  { name: "an empty text", says: [text(""), close(1000)], wants: [{ text: "" }, goodbye] },
  { name: "binary", says: [binary(Uint8Array.of(0, 255)), close(1000)], wants: [{ binary: "00ff" }, goodbye] },
  { name: "a long text", says: [text(large), close(1000)], wants: [{ text: large }, goodbye] },
  {
    name: "many fragments, with pings between them",
    says: [
      text("", false),
      ...Array.from({ length: 20_000 }, () => continuation("x", false)),
      ping("still there?"),
      continuation(""),
      close(1000),
    ],
    wants: [{ pong: "still there?" }, { text: "x".repeat(20_000) }, goodbye],
  },
  { name: "pongs that nobody asked for", says: [pong("a"), ping("b"), close(1000)], wants: [{ pong: "b" }, goodbye] },
  { name: "a close frame without code", says: [close()], wants: [{ close: undefined, reason: "" }] },
  { name: "an invalid close code", says: [close(1005)], wants: [{ close: 1002, reason: "invalid-close-code" }] },
  { name: "a reserved opcode", says: [{ opcode: 0x3 }], wants: [{ close: 1002, reason: "reserved-opcode" }] },
  {
    name: "a reserved bit",
    says: [{ ...text("a"), reservedBits: 4 }],
    wants: [{ close: 1002, reason: "reserved-bit" }],
  },
  {
    name: "a masked frame",
    says: [{ ...text("a"), maskKey: [1, 2, 3, 4] }],
    wants: [{ close: 1002, reason: "masked-frame" }],
  },
  {
    name: "text that is not UTF-8",
    says: [{ opcode: 0x1, payload: Uint8Array.of(0xc3, 0x28) }],
    wants: [{ close: 1007, reason: "invalid-utf8" }],
  },
];

/** A small fuzzing server in the manner of the Autobahn test suite. */
export class FuzzingServer {
  readonly url: string;
  /** What was seen of each case, by the agent that ran it. */
  readonly seen: Map<string, Said[][]> = new Map();
  /** The agents whose reports were written. */
  readonly reports: (string | null)[] = [];
  readonly #server: RawServer;

  private constructor(server: RawServer) {
    this.#server = server;
    this.url = server.url;
  }

  static async start(): Promise<FuzzingServer> {
    const started = new FuzzingServer(await RawServer.start());
    void started.#run();
    return started;
  }

  async #run(): Promise<never> {
    for (;;) await this.#serve(await this.#server.visitor());
  }

  async #serve(visitor: Visitor): Promise<void> {
    const { pathname, searchParams } = new URL(visitor.request.target, this.url);
    const peer = visitor.accept();
    if (pathname === "/runCase") await this.#runCase(peer, searchParams);
    if (pathname === "/getCaseCount") peer.say(String(fuzzingCases.length));
    if (pathname === "/updateReports") this.reports.push(searchParams.get("agent"));
    if (pathname !== "/runCase") {
      peer.close(1000);
      await hearUntilClose(peer);
    }
    // RFC 6455 §7.1.1: the server ends the TCP connection first.
    peer.raw.end();
    await peer.hearAll();
  }

  async #runCase(peer: RawPeer, parameters: URLSearchParams): Promise<void> {
    const number = Number(parameters.get("case"));
    const agent = parameters.get("agent") ?? "";
    peer.raw.write(...(fuzzingCases[number - 1]?.says ?? []).map(frameBytes));
    const said = await hearUntilClose(peer);
    const all = this.seen.get(agent) ?? [];
    all[number - 1] = said;
    this.seen.set(agent, all);
  }
}

/** What the client says, its close frame last. */
async function hearUntilClose(peer: RawPeer): Promise<Said[]> {
  const said: Said[] = [];
  for (let each = await peer.hear(); each !== undefined; each = await peer.hear()) {
    said.push(each);
    if ("close" in each) break;
  }
  return said;
}

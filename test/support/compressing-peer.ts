import type { Connection } from "../../src/connection/index.js";
import type { UpgraderOptions } from "../../src/server/index.js";
import { DeflatingPeer } from "../connection/deflate/support/deflating-peer.js";
import type { FrameSpec } from "../protocol/support/frame-bytes.js";
import { meet, type Meeting } from "./meeting.js";
import type { RawPeer } from "./raw-peer.js";

const RSV1 = 4;

/** A client made of bytes that has agreed on compression. */
class CompressingPeer {
  readonly raw: RawPeer;
  readonly deflate: DeflatingPeer;

  constructor(raw: RawPeer, deflate: DeflatingPeer) {
    this.raw = raw;
    this.deflate = deflate;
  }

  /** The frames of `message`, compressed, in `count` fragments. */
  frames(message: string | Uint8Array, count = 1): FrameSpec[] {
    return compressedFrames(typeof message === "string" ? 0x1 : 0x2, this.deflate.pack(message), count);
  }

  say(...messages: readonly (string | Uint8Array)[]): void {
    this.raw.send(...messages.flatMap((message) => this.frames(message)));
  }

  /** The server's next message, inflated if it was compressed; a binary one in hex. */
  async hear(): Promise<string | undefined> {
    const said = await this.raw.hear();
    if (said === undefined) return undefined;
    if ("text" in said) return said.text;
    if ("binary" in said) return said.binary;
    if (!("compressed" in said)) throw new Error(`no message, but ${JSON.stringify(said)}`);
    const parts = [said.compressed];
    for (let isFinal = said.isFinal; !isFinal;) {
      const next = await this.raw.hear();
      if (next === undefined || !("fragment" in next)) throw new Error(`no fragment, but ${JSON.stringify(next)}`);
      parts.push(next.fragment);
      isFinal = next.isFinal;
    }
    const message = this.deflate.unpack(Buffer.from(parts.join(""), "hex"));
    return said.opcode === 0x1 ? message.toString() : message.toString("hex");
  }
}

/** `payload`, compressed already, in `count` frames. */
export function compressedFrames(opcode: number, payload: Uint8Array, count = 1): FrameSpec[] {
  const size = Math.ceil(payload.length / count);
  return Array.from({ length: count }, (_, i) => ({
    opcode: i === 0 ? opcode : 0x0,
    reservedBits: i === 0 ? RSV1 : 0,
    isFinal: i === count - 1,
    payload: payload.subarray(i * size, (i + 1) * size),
  }));
}

/** A meeting where the two have agreed on compression. */
export interface CompressedMeeting extends Omit<Meeting, "peer"> {
  readonly peer: CompressingPeer;
  readonly connection: Connection<undefined>;
}

/** Has one peer that offers `offer` join an upgrader with compression. */
export async function meetCompressed(
  options: UpgraderOptions = {},
  offer = "permessage-deflate",
): Promise<CompressedMeeting> {
  const headers = { "Sec-WebSocket-Extensions": offer };
  const meeting = await meet({ compression: { thresholdBytes: 0 }, ...options }, { headers });
  const { extensions } = meeting.connection;
  const keepsSent = !extensions.includes("client_no_context_takeover");
  const keepsReceived = !extensions.includes("server_no_context_takeover");
  return { ...meeting, peer: new CompressingPeer(meeting.peer, new DeflatingPeer({}, keepsSent, keepsReceived)) };
}

import { type FrameSpec, frameBytes, MASK_KEY } from "../protocol/support/frame-bytes.js";
import { type HttpResponse, parseHttpResponse } from "./http-response.js";
import { RawSocket, type RawSocketOptions } from "./raw-socket.js";
import { parseClientFrame, parseServerFrame, type Said } from "./server-frame.js";
import { type RequestChange, upgradeRequest } from "./upgrade-request.js";

export interface PeerOptions extends RequestChange, RawSocketOptions {
  /** Frames in the same packet as the handshake. */
  readonly together?: readonly FrameSpec[];
}

/** A WebSocket peer made of bytes: it sends what a test writes by hand, right or wrong, and says what came back. */
export class RawPeer {
  readonly raw: RawSocket;
  readonly #role: "client" | "server";
  #hasHeardClose = false;

  constructor(raw: RawSocket, role: "client" | "server" = "client") {
    this.raw = raw;
    this.#role = role;
  }

  /** Connects and completes the opening handshake. */
  static async join(port: number, options: PeerOptions = {}): Promise<RawPeer> {
    const { raw, response } = await RawPeer.ask(port, options);
    if (response?.status !== 101) throw new Error(`not let in: ${JSON.stringify(response)}`);
    return new RawPeer(raw);
  }

  /** Connects and gives the answer to the opening handshake; `undefined` when the server ended without one. */
  static async ask(
    port: number,
    { together = [], method, path, version, headers, ...options }: PeerOptions = {},
  ): Promise<{ raw: RawSocket; response: HttpResponse | undefined }> {
    const raw = await RawSocket.connect(port, options);
    const change = { method, path, version, headers };
    raw.write(upgradeRequest(defined(change)), ...together.map(masked));
    return { raw, response: await raw.take(parseHttpResponse) };
  }

  /** The bytes of a frame as this peer sends it: a client's is masked, unless it says otherwise. */
  bytesOf(frame: FrameSpec): Uint8Array {
    return this.#role === "client" ? masked(frame) : frameBytes(frame);
  }

  /** Sends frames in one packet. */
  send(...frames: readonly FrameSpec[]): void {
    this.raw.write(...frames.map((frame) => this.bytesOf(frame)));
  }

  /** Sends each text in a frame of its own, all in one packet. */
  say(...texts: readonly string[]): void {
    this.send(...texts.map((each) => text(each)));
  }

  close(code?: number, reason = ""): void {
    this.send(close(code, reason));
  }

  /** The other side's next frame; `undefined` once it has ended. */
  async hear(): Promise<Said | undefined> {
    const said = await this.raw.take(this.#role === "client" ? parseServerFrame : parseClientFrame);
    if (said !== undefined && "close" in said) this.#hasHeardClose = true;
    return said;
  }

  /** All frames until the other side ends. */
  async hearAll(): Promise<Said[]> {
    const all: Said[] = [];
    for (let said = await this.hear(); said !== undefined; said = await this.hear()) all.push(said);
    return all;
  }

  /**
   * Ends our side as a well-behaved peer does, and gives what the other still said: a client once the server has ended its own, a server
   * once it has heard the client's close frame (RFC 6455 §7.1.1).
   */
  async leave(): Promise<Said[]> {
    const all: Said[] = [];
    for (;;) {
      if (this.#role === "server" && this.#hasHeardClose) this.raw.end();
      const said = await this.hear();
      if (said === undefined) break;
      all.push(said);
    }
    this.raw.end();
    return all;
  }
}

/** The bytes of a frame as a client sends it. */
export function masked(frame: FrameSpec): Uint8Array {
  return frameBytes({ maskKey: MASK_KEY, ...frame });
}

export function text(payload: string, isFinal = true): FrameSpec {
  return { opcode: 0x1, payload, isFinal };
}

export function binary(payload: Uint8Array): FrameSpec {
  return { opcode: 0x2, payload };
}

export function continuation(payload: string, isFinal = true): FrameSpec {
  return { opcode: 0x0, payload, isFinal };
}

export function ping(payload = ""): FrameSpec {
  return { opcode: 0x9, payload };
}

export function pong(payload = ""): FrameSpec {
  return { opcode: 0xa, payload };
}

export function close(code?: number, reason = ""): FrameSpec {
  if (code === undefined) return { opcode: 0x8 };
  return { opcode: 0x8, payload: Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), Buffer.from(reason)]) };
}

function defined(change: { [Key in keyof RequestChange]: RequestChange[Key] | undefined }): RequestChange {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

import { Buffer } from "node:buffer";
import { isIPv4, isIPv6 } from "node:net";

import { canonicalAddress } from "./node-name.js";

/** Where a connection comes from, as the proxy that opened it says. */
export interface ProxySource {
  readonly address: string;
  readonly port: number;
}

/** What a PROXY header says. */
export type ProxyHeader =
  | { readonly kind: "client"; readonly source: ProxySource }
  /** Somebody's, who has no address: a client on a Unix socket, or by a protocol that the proxy has no word for. */
  | { readonly kind: "unnamed-client" }
  /** The proxy's own: a health check. */
  | { readonly kind: "local" };

/** How far a header has come: `rest` is what came behind it in the same chunk. */
export type ProxyHeaderProgress =
  | { readonly kind: "incomplete" }
  | { readonly kind: "malformed"; readonly reason: string }
  | { readonly kind: "complete"; readonly header: ProxyHeader; readonly rest: Buffer };

/** The longest line of version 1, its CRLF included (PROXY protocol §2.1). */
const MAX_V1_BYTES = 107;
/** The longest header of version 2 that is taken. One may announce 64 KiB; addresses and usual extensions need some hundred. */
const MAX_V2_BYTES = 8_192;

const v1Signature = Buffer.from("PROXY ");
/** PROXY protocol §2.2: made so that no server takes it for its own protocol. */
const v2Signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const V2_HEAD_BYTES = 16;

const LF = 0x0a;

/**
 * Reads the header with which a proxy begins a connection: PROXY protocol, version 1 (a line) or 2 (binary), as HAProxy
 * specifies it. Bytes may come in any pieces; each is looked at once.
 */
export class ProxyHeaderReader {
  #bytes: Buffer = Buffer.alloc(MAX_V1_BYTES);
  #length = 0;

  /** Takes the next bytes. Not to be called again once it has said that the header is complete or malformed. */
  push(chunk: Buffer): ProxyHeaderProgress {
    for (let at = 0; at < chunk.length; at++) {
      this.#bytes[this.#length++] = chunk[at] as number;
      const result = this.#bytes[0] === v2Signature[0] ? this.#stepV2() : this.#stepV1();
      if (typeof result === "string") return { kind: "malformed", reason: result };
      if (result !== undefined) return { kind: "complete", header: result, rest: chunk.subarray(at + 1) };
    }
    return { kind: "incomplete" };
  }

  /** What the header says, once it is whole; why it is none; or `undefined` so far. */
  #stepV1(): ProxyHeader | string | undefined {
    const last = this.#length - 1;
    if (last < v1Signature.length && this.#bytes[last] !== v1Signature[last]) return noHeader;
    if (this.#bytes[last] === LF) return readLine(this.#bytes.toString("latin1", 0, this.#length));
    return this.#length === MAX_V1_BYTES ? `a line of version 1 has at most ${MAX_V1_BYTES} bytes` : undefined;
  }

  #stepV2(): ProxyHeader | string | undefined {
    const last = this.#length - 1;
    if (last < v2Signature.length && this.#bytes[last] !== v2Signature[last]) return noHeader;
    if (this.#length < V2_HEAD_BYTES) return undefined;
    const size = V2_HEAD_BYTES + this.#bytes.readUInt16BE(14);
    if (size > MAX_V2_BYTES) return `a header of version 2 is taken up to ${MAX_V2_BYTES} bytes; this has ${size}`;
    if (this.#length === size) return readBinary(this.#bytes.subarray(0, size));
    if (this.#bytes.length < size) this.#bytes = Buffer.concat([this.#bytes], size);
    return undefined;
  }
}

const noHeader = "it does not begin with a PROXY header";

/** PROXY protocol §2.1. Strict: one space between the words, and numbers as a machine writes them. */
function readLine(line: string): ProxyHeader | string {
  if (!line.endsWith("\r\n")) return "a line of version 1 ends with CRLF";
  const [, protocol, ...words] = line.slice(0, -2).split(" ");
  // "The receiver must ignore anything presented before the CRLF is found."
  if (protocol === "UNKNOWN") return { kind: "unnamed-client" };
  const isAddress = protocol === "TCP4" ? isIPv4 : protocol === "TCP6" ? isIPv6 : undefined;
  if (isAddress === undefined) return "a line of version 1 is for TCP4, TCP6 or UNKNOWN";
  const [source = "", destination = "", sourcePort = "", destinationPort = ""] = words;
  const address = isAddress(source) ? canonicalAddress(source) : undefined;
  const isRight = words.length === 4 && isAddress(destination) && isPort(sourcePort) && isPort(destinationPort);
  if (address === undefined || !isRight) return `a line of version 1 has two ${protocol} addresses and two ports`;
  return { kind: "client", source: { address, port: Number(sourcePort) } };
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** Bytes that the addresses of a family take, source and destination with their ports. */
const addressBytes = { ipv4: 12, ipv6: 36, unix: 216 } as const;

/** PROXY protocol §2.2. What follows the addresses (TLVs) is skipped. */
function readBinary(bytes: Buffer): ProxyHeader | string {
  const command = bytes[12];
  if (command === 0x20) return { kind: "local" }; // the rest says nothing
  // "Receivers must drop connections presenting unexpected values here."
  if (command !== 0x21) return "a header of version 2 has the command LOCAL or PROXY";
  const size = bytes.length - V2_HEAD_BYTES;
  switch (bytes[13]) {
    case 0x00:
      return { kind: "unnamed-client" };
    case 0x11:
      if (size < addressBytes.ipv4) break;
      return client(bytes.subarray(16, 20).join("."), bytes.readUInt16BE(24));
    case 0x21:
      if (size < addressBytes.ipv6) break;
      return client(ipv6Of(bytes.subarray(16, 32)), bytes.readUInt16BE(48));
    case 0x31:
      if (size < addressBytes.unix) break;
      return { kind: "unnamed-client" };
    case undefined:
    default:
      // "Other values must be rejected as invalid"; those of datagrams cannot be on a connection.
      return "a header of version 2 is for TCP over IPv4 or IPv6, a Unix stream or nothing";
  }
  return "a header of version 2 holds the addresses of its family";
}

function client(address: string, port: number): ProxyHeader | string {
  const canonical = canonicalAddress(address);
  return canonical === undefined ? "no address" : { kind: "client", source: { address: canonical, port } };
}

function ipv6Of(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return groups.join(":");
}

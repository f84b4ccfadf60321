import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from "node:zlib";

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** Compresses and inflates as a peer does that keeps its context, by Node's one-shot functions and dictionaries alone. */
export class DeflatingPeer {
  readonly #options: ZlibOptions;
  readonly #keepsSent: boolean;
  readonly #keepsReceived: boolean;
  #sent = Buffer.alloc(0);
  #received = Buffer.alloc(0);

  constructor(options: ZlibOptions = {}, keepsSent = true, keepsReceived: boolean = keepsSent) {
    this.#options = options;
    this.#keepsSent = keepsSent;
    this.#keepsReceived = keepsReceived;
  }

  /** The payload of a compressed message. */
  pack(message: Uint8Array | string): Buffer {
    const bytes = Buffer.from(message);
    const options = { ...this.#options, ...dictionary(this.#sent), finishFlush: constants.Z_SYNC_FLUSH };
    const packed = bytes.length === 0 ? Buffer.of(0) : deflateRawSync(bytes, options).subarray(0, -4);
    if (this.#keepsSent) this.#sent = Buffer.concat([this.#sent, bytes]).subarray(-32_768);
    return packed;
  }

  /** RFC 7692 §7.2.3.4: the same, ended by a final block. */
  packFinal(message: Uint8Array | string): Buffer {
    const bytes = Buffer.from(message);
    const packed = deflateRawSync(bytes, { ...this.#options, ...dictionary(this.#sent) });
    if (this.#keepsSent) this.#sent = Buffer.concat([this.#sent, bytes]).subarray(-32_768);
    return Buffer.concat([packed, Buffer.of(0)]);
  }

  /** The message of a compressed payload. Throws where it is none. */
  unpack(payload: Uint8Array): Buffer {
    const options = { ...dictionary(this.#received), finishFlush: constants.Z_SYNC_FLUSH };
    const message = inflateRawSync(Buffer.concat([payload, TAIL]), options);
    if (this.#keepsReceived) this.#received = Buffer.concat([this.#received, message]).subarray(-32_768);
    return message;
  }
}

function dictionary(bytes: Buffer): ZlibOptions {
  return bytes.length === 0 ? {} : { dictionary: bytes };
}

/** A frame as the tests describe it; what is left out is what a correct frame has. */
export interface FrameSpec {
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  readonly isFinal?: boolean;
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly reservedBits?: number;
  /** The four bytes of the mask key; none for an unmasked frame. */
  readonly maskKey?: readonly number[] | undefined;
  /** How the length is written; the shortest form that holds it, unless said otherwise. */
  readonly lengthForm?: LengthForm;
  /** What the header says the length is, where it is not the payload's. */
  readonly announcedLength?: bigint;
}

type LengthForm = "7-bit" | "16-bit" | "64-bit";

export const MASK_KEY: readonly number[] = [0x37, 0xfa, 0x21, 0x3d];

/** The bytes of a frame, written from RFC 6455 §5.2 and §5.3 without any help from what is under test. */
export function frameBytes(spec: FrameSpec): Uint8Array {
  const payload = typeof spec.payload === "string" ? new TextEncoder().encode(spec.payload) : (spec.payload ?? []);
  const length = spec.announcedLength ?? BigInt(payload.length);
  const first = ((spec.isFinal ?? true) ? 0x80 : 0) | ((spec.reservedBits ?? 0) << 4) | spec.opcode;
  const lengthBytes = writeLength(length, spec.lengthForm ?? shortestForm(length));
  if (spec.maskKey === undefined) return Uint8Array.from([first, ...lengthBytes, ...payload]);
  const maskKey = spec.maskKey;
  lengthBytes[0] = lengthBytes[0]! | 0x80;
  const header = [first, ...lengthBytes, ...maskKey];
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(
    payload.map((byte, index) => byte ^ maskKey[index % 4]!),
    header.length,
  );
  return bytes;
}

function shortestForm(length: bigint): LengthForm {
  if (length < 126n) return "7-bit";
  return length < 65536n ? "16-bit" : "64-bit";
}

function writeLength(length: bigint, form: LengthForm): number[] {
  if (form === "7-bit") return [Number(length)];
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, length);
  const bytes = [...new Uint8Array(view.buffer)];
  return form === "16-bit" ? [126, ...bytes.slice(6)] : [127, ...bytes];
}

/** The bytes written in `hex`, white space ignored. */
export function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
}

/** `bytes[start, end)` as hex: short to write in an expectation, and a copy. */
export function toHex(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return Buffer.from(bytes.subarray(start, end)).toString("hex");
}

export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

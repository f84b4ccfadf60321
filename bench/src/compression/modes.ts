/** A way to compress, and the server program that does it. */
export interface CompressionMode {
  readonly title: string;
  readonly program: "halyard" | "ws";
  /** The server's option. */
  readonly option: unknown;
}

const all = { thresholdBytes: 0 };

/** Compared in one run. Every message is compressed, however short, except in the two without compression. */
export const modes: readonly CompressionMode[] = [
  { title: "Halyard, no compression", program: "halyard", option: false },
  {
    title: "Halyard, `contextTakeover: false, peerContextTakeover: false`",
    program: "halyard",
    option: { ...all, contextTakeover: false, peerContextTakeover: false },
  },
  { title: "Halyard, `contextTakeover: false`", program: "halyard", option: { ...all, contextTakeover: false } },
  {
    title: "Halyard, `windowBits: 10, memLevel: 4, peerWindowBits: 10`",
    program: "halyard",
    option: { ...all, windowBits: 10, memLevel: 4, peerWindowBits: 10 },
  },
  { title: "Halyard, the defaults (13, 6, 13)", program: "halyard", option: all },
  {
    title: "Halyard, `windowBits: 15, memLevel: 8, peerWindowBits: 15`",
    program: "halyard",
    option: { ...all, windowBits: 15, memLevel: 8, peerWindowBits: 15, maxMemoryBytes: 2 ** 40 },
  },
  { title: "ws, no compression", program: "ws", option: false },
  {
    title: "ws, no context takeover",
    program: "ws",
    option: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  },
  { title: "ws, the defaults (15, 8, 15)", program: "ws", option: { threshold: 0 } },
];

import type { CompressionMode } from "./control/messages.js";
import type { Feature } from "./peers/peer.js";

interface Common {
  /** Short, stable name: the key in the JSON results and what `--only` selects. */
  readonly id: string;
  /** How the tables call it. */
  readonly title: string;
  /** What a server program must have to take part. */
  readonly needs: readonly Feature[];
  readonly compression?: CompressionMode;
  readonly isSecure?: boolean;
  /** Whether the generator in C asks for what comes without end, and does not sleep until something does. */
  readonly isAwake?: boolean;
  /** The peers that are compared; all that can by default. */
  readonly peers?: readonly string[];
  /** Said below the table. */
  readonly note?: string;
}

/** What messages are made of: text in one byte or in three a character, random bytes, or JSON of a chat (with compression only). */
export type Payload = "ascii" | "chinese" | "binary" | "chat";

/** What the generator does to an echo server, and what a reply must look like. */
export interface EchoWorkload extends Common {
  readonly kind: "echo";
  readonly payload: Payload;
  readonly payloadBytes: number;
  readonly connections: number;
  /** Messages each connection keeps unanswered; a new one leaves for every reply that arrives. */
  readonly inFlight: number;
  /** Instead at fixed times: this share of what the slowest of `ws` and what else is compared answers at saturation. */
  readonly loadShare?: number;
}

/** One publisher and many who only listen. */
export interface BroadcastWorkload extends Common {
  readonly kind: "broadcast";
  readonly payloadBytes: number;
  readonly subscribers: number;
  /** Publications that not everybody has yet; a new one leaves when one is complete. */
  readonly inFlight: number;
}

/** Connect, upgrade, close, and again. */
export interface HandshakeWorkload extends Common {
  readonly kind: "handshakes";
  readonly connections: number;
}

/** Connections on which nothing happens. */
export interface IdleWorkload extends Common {
  readonly kind: "idle";
  readonly connections: number;
}

/** From the start of the process to the port and to the first echo. */
interface StartUpWorkload extends Common {
  readonly kind: "start-up";
}

/** As `IdleWorkload`, of a client. */
export interface IdleClientWorkload extends Common {
  readonly kind: "idle-client";
  readonly connections: number;
}

/** Clients against one fixed server: the tested one is the client. */
export interface ClientWorkload extends Common {
  readonly kind: "client";
  readonly payload: Payload;
  readonly payloadBytes: number;
  readonly connections: number;
  readonly inFlight: number;
}

export type Workload =
  | EchoWorkload
  | BroadcastWorkload
  | HandshakeWorkload
  | IdleWorkload
  | StartUpWorkload
  | ClientWorkload
  | IdleClientWorkload;

const KIB = 1024;
const MIB = 1024 * KIB;

function size(bytes: number): string {
  if (bytes < KIB) return `${bytes} B`;
  return bytes < MIB ? `${bytes / KIB} KiB` : `${bytes / MIB} MiB`;
}

function shortSize(bytes: number): string {
  return size(bytes).replace(" ", "");
}

const count = (number: number): string => number.toLocaleString("en-US");
const several = (number: number): string => `${count(number)} connection${number === 1 ? "" : "s"}`;

type EchoShape = Partial<Omit<EchoWorkload, "kind">> & Pick<EchoWorkload, "id">;

const payloadTitles = { ascii: "ASCII text", chinese: "Chinese text", binary: "binary", chat: "JSON chat" } as const;

function echo({ id, ...shape }: EchoShape, more = ""): EchoWorkload {
  const { payload = "ascii", payloadBytes = 64, connections = 64, inFlight = 1 } = shape;
  const length = payload === "chat" ? "" : ` ${size(payloadBytes)}`;
  const title = `echo${length} ${payloadTitles[payload]}, ${several(connections)}, ${inFlight} in flight${more}`;
  return { kind: "echo", id, title, needs: ["echo"], ...shape, payload, payloadBytes, connections, inFlight };
}

/** With a generator that does not sleep. */
const awake = {
  isAwake: true,
  peers: ["ws", "halyard-handler", "uwebsockets", "bun", "node-floor", "floor"],
  note: "As above, with a generator that does not sleep: no server pays for waking it, which over a network none does.",
} as const;
const awakeTitle = ", generator awake";

function echoAwake(connections: number): EchoWorkload {
  return echo({ id: `echo-64B-1-${connections}c-awake`, connections, ...awake }, awakeTitle);
}

function compressed(mode: CompressionMode, words: string): EchoWorkload {
  const needs: readonly Feature[] = mode === "no-takeover" ? ["compression"] : ["compression", "small-window"];
  const shape = { id: `deflate-${mode}`, payload: "chat", compression: mode, needs, inFlight: 4 } as const;
  return echo(
    {
      ...shape,
      note: "Every message is compressed by the servers that let one choose. The generator sends frames that were compressed beforehand, and checks the frames of the replies; their contents are compared once before.",
    },
    `, deflate, ${words}`,
  );
}

function broadcast(subscribers: number, inFlight: number): BroadcastWorkload {
  return {
    kind: "broadcast",
    id: `broadcast-${subscribers}-${inFlight}`,
    title: `broadcast 128 B to ${count(subscribers)} subscribers, ${inFlight} outstanding`,
    needs: ["broadcast"],
    payloadBytes: 128,
    subscribers,
    inFlight,
    note: "Figures are per delivery, latency is until the last subscriber has the message. Socket.IO's messages have its own frame around the same number of bytes.",
  };
}

function broadcastAwake(inFlight: number): BroadcastWorkload {
  const plain = broadcast(500, inFlight);
  return { ...plain, id: `${plain.id}-awake`, title: `${plain.title}${awakeTitle}`, ...awake };
}

function idle(id: string, words: string, more: Partial<Omit<IdleWorkload, "kind">> = {}): IdleWorkload {
  return {
    kind: "idle",
    id,
    title: `memory of 10,000 idle connections${words}`,
    needs: ["echo"],
    connections: 10_000,
    note: "Resident memory of the process, after collecting garbage where the runtime can be asked to, less what it was after one connection had come and gone.",
    ...more,
  };
}

const asFewAs = ["ws", "halyard-handler", "uwebsockets", "bun", "gorilla", "python", "deno"];

/** The workloads, in the order in which they run. */
export const workloads: readonly Workload[] = [
  echo({ id: "echo-64B-1" }),
  echo({ id: "echo-64B-16", inFlight: 16 }),
  ...[1, 1_000, 10_000].map((connections) => echo({ id: `echo-64B-1-${connections}c`, connections })),
  echoAwake(64),
  echoAwake(1_000),
  ...[16 * KIB, MIB, 64 * MIB].map((payloadBytes) =>
    echo({
      id: `echo-${shortSize(payloadBytes)}-1`,
      payload: "binary",
      payloadBytes,
      connections: payloadBytes === 16 * KIB ? 16 : payloadBytes === MIB ? 4 : 1,
      needs: payloadBytes > MIB ? ["large"] : ["binary"],
    }),
  ),
  echo({ id: "echo-chinese-4KiB-4", payload: "chinese", payloadBytes: 4 * KIB, inFlight: 4 }),
  echo({ id: "echo-ascii-4KiB-4", payloadBytes: 4 * KIB, inFlight: 4 }),
  ...[64, KIB].map((payloadBytes) =>
    echo({
      id: `echo-binary-${shortSize(payloadBytes)}-16`,
      payload: "binary",
      payloadBytes,
      inFlight: 16,
      needs: ["binary"],
    }),
  ),
  ...[500, 5_000].flatMap((subscribers) => [broadcast(subscribers, 1), broadcast(subscribers, 16)]),
  broadcastAwake(1),
  broadcastAwake(16),
  compressed("no-takeover", "no context"),
  compressed("small-window", "8 KiB context"),
  compressed("full-window", "32 KiB context"),
  echo(
    { id: "wss-64B-1", isSecure: true, needs: ["echo", "tls"], note: "By the generator in TypeScript, over node:tls." },
    ", TLS",
  ),
  echo(
    {
      id: "wss-64B-16",
      isSecure: true,
      needs: ["echo", "tls"],
      inFlight: 16,
      note: "By the generator in TypeScript, over node:tls.",
    },
    ", TLS",
  ),
  {
    kind: "client",
    id: "client-64B-1",
    title: "client: 64 B ASCII text, 64 connections, 1 in flight",
    needs: [],
    payload: "ascii",
    payloadBytes: 64,
    connections: 64,
    inFlight: 1,
    note: "CPU is the client's; the server is the floor where a compiler is present, else ws.",
  },
  {
    kind: "client",
    id: "client-64B-16",
    title: "client: 64 B ASCII text, 64 connections, 16 in flight",
    needs: [],
    payload: "ascii",
    payloadBytes: 64,
    connections: 64,
    inFlight: 16,
    note: "CPU is the client's; the server is the floor where a compiler is present, else ws.",
  },
  {
    kind: "idle-client",
    id: "client-idle",
    title: "client: memory of 2,000 idle connections",
    needs: [],
    connections: 2_000,
    note: "Resident memory of the client's process, after collecting garbage where the runtime can be asked to, less what it was after one connection had come and gone.",
  },
  {
    kind: "handshakes",
    id: "handshakes",
    title: "handshakes: connect, upgrade, close, 64 at a time",
    needs: ["handshakes"],
    connections: 64,
    note: "Figures are per connection, opened and closed with the closing handshake; latency is until the upgrade's answer.",
  },
  idle("idle", ""),
  idle("idle-tls", ", TLS", { isSecure: true, needs: ["echo", "tls"], connections: 10_000, peers: asFewAs }),
  idle("idle-deflate", ", deflate agreed on, 32 KiB context", {
    compression: "full-window",
    needs: ["compression", "small-window"],
    peers: asFewAs,
  }),
  {
    kind: "start-up",
    id: "start-up",
    title: "start-up",
    needs: ["echo"],
    note: "From the start of the process until it has said that it listens, and until the first echo has come back.",
  },
  echo(
    {
      id: "latency-half-load",
      loadShare: 0.5,
      peers: [
        "ws",
        "halyard-handler",
        "halyard-iterator",
        "uwebsockets",
        "ws-native",
        "bun",
        "gorilla",
        "deno",
        "floor",
      ],
      note: "Every server gets the same rate: half of what the slowest of them answers at saturation in this run. Latency counts from when a message was due.",
    },
    ", at half load",
  ),
];

/** What `--quick` runs. */
export const quickWorkloadIds: readonly string[] = ["echo-64B-1", "echo-64B-16", "echo-16KiB-1", "broadcast-500-16"];
/** And against whom. */
export const quickPeerIds: readonly string[] = ["ws", "halyard-handler", "uwebsockets", "floor"];

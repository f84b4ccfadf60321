import { buildFloor, buildGorilla, findPythonWebsockets } from "./native.js";
import { bunProgram, denoProgram, modernNodeProgram, nodeProgram, nodeProgramWith } from "./javascript.js";
import type { Feature, Peer } from "./peer.js";

/** The peers that ratios are taken against, where they are in the run. */
export const baselineIds = ["ws", "uwebsockets"] as const;
export type BaselineId = (typeof baselineIds)[number];

const all: readonly Feature[] = [
  "echo",
  "binary",
  "broadcast",
  "compression",
  "small-window",
  "tls",
  "large",
  "handshakes",
];

const withoutAddons = { WS_NO_BUFFER_UTIL: "1", WS_NO_UTF_8_VALIDATE: "1" };

/** Every server program, in the order in which each round visits them. */
export const peers: readonly Peer[] = [
  {
    id: "ws",
    title: "ws",
    features: all,
    prepare: async () => ({ kind: "ready", program: nodeProgram("servers/ws", {}, withoutAddons) }),
  },
  {
    id: "halyard-handler",
    title: "Halyard, handler object",
    features: all,
    prepare: async () => ({ kind: "ready", program: nodeProgram("servers/halyard", { style: "handler" }) }),
  },
  {
    id: "halyard-borrower",
    title: "Halyard, handler that borrows",
    features: ["binary", "large"],
    prepare: async () => ({ kind: "ready", program: nodeProgram("servers/halyard", { style: "borrower" }) }),
  },
  {
    id: "halyard-iterator",
    title: "Halyard, `for await`",
    features: ["echo", "binary", "large"],
    prepare: async () => ({ kind: "ready", program: nodeProgram("servers/halyard", { style: "iterator" }) }),
  },
  {
    id: "uwebsockets",
    title: "uWebSockets.js",
    features: all,
    prepare: () => nodeProgramWith("uwebsockets", ["uwebsockets"], "servers/uwebsockets"),
  },
  {
    id: "ws-native",
    title: "ws with native addons",
    features: ["echo", "binary", "broadcast", "large", "handshakes"],
    prepare: () => nodeProgramWith("ws-native", ["ws", "bufferutil", "utf-8-validate"], "servers/ws"),
  },
  { id: "bun", title: "Bun", features: all, prepare: () => bunProgram("servers/bun") },
  {
    id: "deno",
    title: "Deno",
    features: ["echo", "binary", "broadcast", "tls", "handshakes"],
    prepare: () => denoProgram("servers/deno"),
  },
  {
    id: "gorilla",
    title: "gorilla/websocket",
    features: ["echo", "binary", "broadcast", "compression", "tls", "large", "handshakes"],
    prepare: buildGorilla,
  },
  { id: "python", title: "websockets (Python)", features: all, prepare: findPythonWebsockets },
  {
    id: "socket-io",
    title: "Socket.IO",
    features: ["socket-io"],
    prepare: () => nodeProgramWith("socket-io", ["socket.io"], "servers/socket-io"),
  },
  {
    id: "node-floor",
    title: "JavaScript on Node's handles (its floor)",
    features: ["echo", "broadcast"],
    prepare: async () => ({ kind: "ready", program: nodeProgram("servers/node-floor") }),
  },
  {
    id: "floor",
    title: "C, epoll (the floor)",
    features: ["echo", "binary", "broadcast", "large", "handshakes"],
    prepare: buildFloor,
  },
];

/** Every client program, for the workloads of the client's role. */
export const clientPeers: readonly Peer[] = [
  {
    id: "ws",
    title: "ws",
    features: [],
    prepare: async () => ({ kind: "ready", program: nodeProgram("clients/ws", {}, withoutAddons) }),
  },
  {
    id: "halyard-handler",
    title: "Halyard, handler object",
    features: [],
    prepare: async () => ({ kind: "ready", program: nodeProgram("clients/halyard") }),
  },
  {
    id: "halyard-web",
    title: "Halyard, `WebSocket` of halyard/web",
    features: [],
    prepare: async () => ({ kind: "ready", program: nodeProgram("clients/halyard-web") }),
  },
  {
    id: "undici",
    title: "undici (Node's own WebSocket)",
    features: [],
    prepare: () => modernNodeProgram("clients/whatwg"),
  },
  { id: "bun", title: "Bun", features: [], prepare: () => bunProgram("clients/whatwg") },
  { id: "deno", title: "Deno", features: [], prepare: () => denoProgram("clients/whatwg") },
];

import type { OpenSettings } from "../control/generator-process.js";
import type { Peer } from "../peers/peer.js";
import type { BroadcastWorkload, EchoWorkload, HandshakeWorkload } from "../workloads.js";

const offers = {
  "no-takeover": "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
  "small-window": "permessage-deflate; client_max_window_bits",
  "full-window": "permessage-deflate; client_max_window_bits",
} as const;

/** What the generator is to open for a workload. */
export function openSettings(
  workload: EchoWorkload | BroadcastWorkload | HandshakeWorkload,
  peer: Pick<Peer, "features">,
  port: number,
  framesFile: string,
): OpenSettings {
  switch (workload.kind) {
    case "echo":
      return { ...echoSettings(workload, framesFile), port };
    case "broadcast":
      return { ...broadcastSettings(workload, peer), port };
    case "handshakes":
      return { mode: "handshakes", path: "/echo", connections: workload.connections, port };
  }
}

function echoSettings(workload: EchoWorkload, framesFile: string): OpenSettings {
  const { payload, payloadBytes, connections, inFlight, isSecure, isAwake, compression } = workload;
  return {
    mode: "echo",
    path: "/echo",
    connections,
    "in-flight": inFlight,
    ...(payload === "chat" ? { frames: framesFile } : { bytes: payloadBytes, payload }),
    ...(compression !== undefined && { offer: offers[compression] }),
    ...(isSecure === true && { tls: 1 }),
    ...(isAwake === true && { awake: 1 }),
  };
}

function broadcastSettings(workload: BroadcastWorkload, { features }: Pick<Peer, "features">): OpenSettings {
  const isSocketIo = features.includes("socket-io");
  return {
    mode: "broadcast",
    path: isSocketIo ? "/socket.io/?EIO=4&transport=websocket" : "/broadcast",
    subscribe: isSocketIo ? "/socket.io/?EIO=4&transport=websocket&role=subscriber" : "/subscribe",
    connections: workload.subscribers,
    "in-flight": workload.inFlight,
    bytes: workload.payloadBytes,
    payload: "ascii",
    ...(isSocketIo && { "socket-io": 1 }),
    ...(workload.isAwake === true && { awake: 1 }),
  };
}

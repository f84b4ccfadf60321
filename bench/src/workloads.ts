/** What the generator does to a server, and what a reply must look like. */
export interface EchoWorkload {
  /** Short, stable name: the key in the JSON results and what `--only` selects. */
  readonly id: string;
  /** How the tables call it. */
  readonly title: string;
  readonly payload: "text" | "binary";
  readonly payloadBytes: number;
  readonly connections: number;
  /** Messages each connection keeps unanswered; a new one leaves for every reply that arrives. */
  readonly inFlight: number;
}

/** The workloads, in the order in which they run. */
export const workloads: readonly EchoWorkload[] = [
  {
    id: "echo-64B-1",
    title: "echo 64 B text, 64 connections, 1 in flight",
    payload: "text",
    payloadBytes: 64,
    connections: 64,
    inFlight: 1,
  },
  {
    id: "echo-64B-16",
    title: "echo 64 B text, 64 connections, 16 in flight",
    payload: "text",
    payloadBytes: 64,
    connections: 64,
    inFlight: 16,
  },
  {
    id: "echo-16KiB-1",
    title: "echo 16 KiB binary, 16 connections, 1 in flight",
    payload: "binary",
    payloadBytes: 16 * 1024,
    connections: 16,
    inFlight: 1,
  },
];

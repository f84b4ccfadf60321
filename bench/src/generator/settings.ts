import type { Payload } from "../workloads.js";

/** What a load of echoes needs to know. */
export interface EchoShape {
  readonly payload: Exclude<Payload, "chat">;
  readonly payloadBytes: number;
  readonly connections: number;
  readonly inFlight: number;
}

/** Where a server under test listens. */
export interface Target {
  readonly port: number;
  readonly path: string;
  /** Over TLS; the certificate is not checked, as it is the benchmark's own. */
  readonly isSecure?: boolean;
}

/** The settings of the command `open`, see bench/generator/main.c. */
export interface OpenCommand extends EchoShape, Target {
  readonly kind: "open";
  readonly mode: "echo" | "broadcast" | "handshakes" | "idle";
  /** Where the subscribers of a broadcast connect. */
  readonly subscribe: string;
}

/** A line of the generator's input. */
export type GeneratorCommand =
  | OpenCommand
  | { readonly kind: "load"; readonly durationMs: number; readonly rate: number | undefined }
  | { readonly kind: "close" };

const modes = ["echo", "broadcast", "handshakes", "idle"] as const;
const payloads = ["ascii", "chinese", "binary"] as const;

/** Reads a line of the generator's input. Throws an Error that says what is wrong with it. */
export function parseCommand(line: string): GeneratorCommand {
  const [command = "", ...pairs] = line.trim().split(" ");
  const values = new Map(pairs.map((pair): [string, string] => [nameOf(pair), valueOf(pair)]));
  const number = (name: string, otherwise: number): number => Number(values.get(name) ?? otherwise);
  switch (command) {
    case "open":
      return openCommand(values, number);
    case "load":
      return { kind: "load", durationMs: number("ms", 1000), rate: number("rate", 0) || undefined };
    case "close":
      return { kind: "close" };
    default:
      throw new Error(`unknown command: ${line}`);
  }
}

function openCommand(
  values: ReadonlyMap<string, string>,
  number: (name: string, otherwise: number) => number,
): OpenCommand {
  if (values.has("frames") || values.has("socket-io")) {
    throw new Error("compressed frames and Socket.IO's packets take the generator in C, so a C compiler");
  }
  return {
    kind: "open",
    mode: oneOf("mode", values.get("mode"), modes),
    payload: oneOf("payload", values.get("payload") ?? "ascii", payloads),
    payloadBytes: number("bytes", 64),
    connections: number("connections", 1),
    inFlight: number("in-flight", 1),
    port: number("port", 0),
    path: values.get("path") ?? "/",
    subscribe: values.get("subscribe") ?? "/",
    isSecure: values.get("tls") === "1",
  };
}

function oneOf<Value extends string>(name: string, value: string | undefined, allowed: readonly Value[]): Value {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new Error(`${name} takes ${allowed.join(", ")}, got ${value}`);
  return found;
}

function nameOf(pair: string): string {
  return pair.slice(0, pair.indexOf("="));
}

function valueOf(pair: string): string {
  return pair.slice(pair.indexOf("=") + 1).replaceAll("%20", " ");
}

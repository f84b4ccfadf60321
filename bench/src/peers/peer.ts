import type { ServerSettings } from "../control/messages.js";

/** A program that can be started. */
export interface Program {
  /** What error messages and profiles call it. */
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** `node` tells its own use of memory and garbage; what is not `native` can be asked to collect. */
  readonly runtime: "node" | "javascript" | "native";
  /** What is always set. */
  readonly settings?: ServerSettings;
}

/** A program, or why there is none and what to do about it. */
export type Preparation =
  | { readonly kind: "ready"; readonly program: Program }
  | { readonly kind: "missing"; readonly why: string };

/** What a server program can be measured at. */
export type Feature =
  | "echo"
  /** Echoes of binary messages that lie in one read or a few. */
  | "binary"
  | "broadcast"
  | "socket-io"
  | "compression"
  | "small-window"
  | "tls"
  | "large"
  | "handshakes";

/** A competitor: one row of the tables. */
export interface Peer {
  /** Short, stable name: the key in the JSON results, and what `--peers` selects. */
  readonly id: string;
  /** How the tables call it. */
  readonly title: string;
  readonly features: readonly Feature[];
  /** Installs or builds what is needed, once; gives the program. Never rejects. */
  readonly prepare: () => Promise<Preparation>;
}

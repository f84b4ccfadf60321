import { createServer as createSecureServer } from "node:https";
import { Duplex } from "node:stream";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import type { PeerOptions } from "./raw-peer.js";
import type { UpgradeServerSetup } from "./upgrade-server.js";

const certificate = await createSelfSigned(undefined);

/** Has connections run on a duplex that is no socket. */
export const disguise: UpgradeServerSetup = {
  wrap: (socket) => Duplex.from({ readable: socket, writable: socket }),
};

/** What a connection may run on, and how a test has it so. */
export interface TransportPath {
  readonly title: string;
  readonly join?: PeerOptions;
  readonly setup?: () => UpgradeServerSetup;
}

export const transportPaths: readonly TransportPath[] = [
  { title: "the handle of a TCP socket", setup: () => ({ bare: true }) },
  { title: "a TCP socket" },
  { title: "a TLS socket", join: { tls: true }, setup: () => ({ http: createSecureServer(certificate) }) },
  { title: "a duplex that is no socket", setup: () => disguise },
];

import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { formatAddress } from "../connection/index.js";
import { formatNodeName, type NodeName } from "./proxy/node-name.js";
import { peerAddressOf } from "./proxy/peer-address.js";
import { isClientUnnamed } from "./proxy/proxy-protocol.js";
import { readForwarding, type ResolvedTrustProxy } from "./proxy/trust-proxy.js";

/** Who sent a request, and how; of trusted proxies, what they say of it. */
export interface RequestClient {
  /** What limits count by: an address, or the name that a proxy gives in its place. */
  readonly address: string;
  readonly remote: string;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  /** The host that stands for the Host header; `undefined` where that itself counts. */
  readonly host: string | undefined;
}

/** The client of a request; the peer of its socket unless a trusted proxy says otherwise. */
export function clientOf(
  { headers }: Pick<IncomingMessage, "headers">,
  socket: Duplex | undefined,
  trust: ResolvedTrustProxy | undefined,
): RequestClient {
  const net = socket instanceof Socket ? socket : undefined;
  const address = net?.remoteAddress ?? "";
  const remote = formatAddress(net?.remoteAddress, net?.remotePort);
  const forwarded =
    trust === undefined || socket === undefined || isClientUnnamed(socket)
      ? undefined
      : readForwarding(trust, headers, peerAddressOf(socket), trust.proxyProtocol ? 1 : 0);
  if (forwarded === undefined) {
    return { address, remote, secure: net !== undefined && "encrypted" in net, host: undefined };
  }
  const { client, secure, host } = forwarded;
  if (client === undefined) return { address, remote, secure, host };
  return { address: addressIn(client), remote: formatNodeName(client), secure, host };
}

function addressIn(client: NodeName): string {
  return client.kind === "address" ? client.address : client.name;
}

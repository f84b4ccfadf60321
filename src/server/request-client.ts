import type { IncomingMessage } from "node:http";

import { formatAddress } from "../connection/index.js";
import type { SocketEnds } from "./opening.js";
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
  request: Pick<IncomingMessage, "headers">,
  ends: SocketEnds | undefined,
  trust: ResolvedTrustProxy | undefined,
): RequestClient {
  const { remoteAddress, remotePort } = ends ?? {};
  const address = remoteAddress ?? "";
  const remote = formatAddress(remoteAddress, remotePort);
  const forwarded =
    trust === undefined || ends === undefined || isClientUnnamed(ends)
      ? undefined
      : readForwarding(trust, request.headers, peerAddressOf(ends), trust.proxyProtocol ? 1 : 0);
  if (forwarded === undefined) {
    return { address, remote, secure: ends !== undefined && "encrypted" in ends, host: undefined };
  }
  const { client, secure, host } = forwarded;
  if (client === undefined) return { address, remote, secure, host };
  return { address: addressIn(client), remote: formatNodeName(client), secure, host };
}

function addressIn(client: NodeName): string {
  return client.kind === "address" ? client.address : client.name;
}

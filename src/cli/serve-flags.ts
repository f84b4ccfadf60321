import { availableParallelism } from "node:os";
import type { ProxyHeaders, TrustProxy } from "../server/index.js";
import { CliError } from "./cli-error.js";
import type { FlagValues } from "./flags.js";
import { checkFrameTraceFlags } from "./frame-trace.js";
import { frameTraceFlags, idleTimeoutFlags, messageLimitFlags, programFlags } from "./shared-flags.js";

/** Where it listens, and whom it lets in. */
const accessFlags = {
  port: {
    group: "Listening",
    kind: "count",
    placeholder: "PORT",
    least: 0,
    most: 65_535,
    default: 8080,
    description: "Port to listen on; 0 takes a free one",
  },
  host: {
    group: "Listening",
    kind: "text",
    placeholder: "ADDRESS",
    description: "Address or name to listen on",
    otherwise: "all of this machine's",
  },
  workers: {
    group: "Listening",
    kind: "text",
    placeholder: "COUNT",
    description: "Processes that serve, or auto for one per core; limits on connections count in each",
    otherwise: "1",
  },
  tls: {
    group: "Listening",
    kind: "switch",
    description: "Serve https and wss; self-signed without --cert",
  },
  cert: {
    group: "Listening",
    kind: "text",
    placeholder: "FILE",
    description: "Certificate chain in PEM, for TLS; needs --key",
  },
  key: { group: "Listening", kind: "text", placeholder: "FILE", description: "Private key of the certificate, in PEM" },
  http2: {
    group: "Listening",
    kind: "switch",
    description: "Take HTTP/2 too, and WebSockets over it (RFC 8441)",
  },
  "allow-origin": {
    group: "Who may connect",
    kind: "list",
    placeholder: "ORIGIN",
    description: "Origin whose pages may connect; repeatable",
    otherwise: "own",
  },
  "allow-host": {
    group: "Who may connect",
    kind: "list",
    placeholder: "NAME",
    description: "Name allowed in the Host header besides localhost and IP addresses; repeatable",
    otherwise: "from this machine none, against DNS rebinding; from others any",
  },
  "trust-proxy": {
    group: "Behind a proxy",
    kind: "list",
    placeholder: "PROXY",
    description:
      "Address or network of a proxy that is believed when it says who the client is, or loopback, private, unix, or a number of proxies; repeatable",
    otherwise: "none",
  },
  "proxy-headers": {
    group: "Behind a proxy",
    kind: "text",
    placeholder: "KIND",
    description: "Which headers it writes: x-forwarded, forwarded or none",
    otherwise: "x-forwarded",
  },
  "proxy-protocol": {
    group: "Behind a proxy",
    kind: "switch",
    description: "Its connections begin with PROXY protocol, version 1 or 2",
  },
  health: {
    group: "Behind a proxy",
    kind: "switch",
    description: "Answer /healthz, and /readyz until it is stopped",
  },
  "max-connections": {
    group: "Limits, 0 for none",
    kind: "limit",
    placeholder: "COUNT",
    description: "Connections at once",
    otherwise: "no limit",
  },
  "max-connections-per-address": {
    group: "Limits, 0 for none",
    kind: "limit",
    placeholder: "COUNT",
    description: "Connections at once from one address",
    otherwise: "no limit",
  },
} as const;

/** What its peers may ask of it. */
const loadFlags = {
  "max-buffered-bytes": {
    group: "Limits, 0 for none",
    kind: "limit",
    placeholder: "BYTES",
    default: 16_777_216,
    description: "Bytes queued for a slow peer",
  },
  "max-total-buffered-bytes": {
    group: "Limits, 0 for none",
    kind: "limit",
    placeholder: "BYTES",
    description: "Bytes queued for all peers together",
    otherwise: "half of the memory",
  },
  "max-messages-per-second": {
    group: "Limits, 0 for none",
    kind: "limit",
    placeholder: "COUNT",
    description: "Messages a second from one peer, pings counted; it waits above",
    otherwise: "no limit",
  },
  "max-bytes-per-second": {
    group: "Limits, 0 for none",
    kind: "limit",
    placeholder: "BYTES",
    description: "Bytes a second from one peer; it waits above",
    otherwise: "no limit",
  },
} as const;

/** How long anything may take, and in what pieces it goes. */
const transferFlags = {
  "ping-interval-ms": {
    group: "Times, 0 for off",
    kind: "count",
    placeholder: "MS",
    least: 0,
    most: 2_147_483_647,
    default: 30_000,
    description: "Time from one ping to the next",
  },
  "pong-timeout-ms": {
    group: "Times, 0 for off",
    kind: "count",
    placeholder: "MS",
    least: 0,
    most: 2_147_483_647,
    default: 30_000,
    description: "Time a peer may be silent after a ping; more ends in 1011",
  },
  "max-lifetime-ms": {
    group: "Times, 0 for off",
    kind: "count",
    placeholder: "MS",
    least: 0,
    most: 2_147_483_647,
    default: 0,
    description: "Time that a connection may last; more ends in 1001",
    otherwise: "off",
  },
  "message-timeout-ms": {
    group: "Times, 0 for off",
    kind: "count",
    placeholder: "MS",
    least: 0,
    most: 2_147_483_647,
    default: 60_000,
    description: "Time for a message to come whole, and a second for each 4000 bytes of it; more ends in 1008",
  },
  "write-timeout-ms": {
    group: "Times, 0 for off",
    kind: "count",
    placeholder: "MS",
    least: 0,
    most: 2_147_483_647,
    default: 60_000,
    description: "Time that a peer may take nothing of what is queued",
  },
  "handshake-timeout-ms": {
    group: "Times and buffers",
    kind: "count",
    placeholder: "MS",
    least: 1,
    most: 2_147_483_647,
    default: 10_000,
    description: "Time for an opening handshake",
  },
  "close-timeout-ms": {
    group: "Times and buffers",
    kind: "count",
    placeholder: "MS",
    least: 1,
    most: 2_147_483_647,
    default: 5_000,
    description: "Time for a closing handshake, also at the end",
  },
  "drain-delay-ms": {
    group: "Times and buffers",
    kind: "count",
    placeholder: "MS",
    least: 0,
    most: 2_147_483_647,
    default: 0,
    description: "Time at the end that it goes on, only /readyz says 503, before it closes anything",
  },
  "read-buffer-size": {
    group: "Times and buffers",
    kind: "count",
    placeholder: "BYTES",
    least: 256,
    most: 16_777_216,
    default: 65_536,
    description: "Bytes that one read takes at most",
  },
  "write-buffer-size": {
    group: "Times and buffers",
    kind: "count",
    placeholder: "BYTES",
    least: 256,
    most: 16_777_216,
    default: 65_536,
    description: "Bytes gathered for one write",
  },
  compression: {
    group: "Compression",
    kind: "switch",
    description: "Compress messages for peers that can (permessage-deflate)",
  },
} as const;

/** Who may look inside. */
const observingFlags = {
  metrics: {
    group: "Seeing inside",
    kind: "switch",
    description: "Answer /metrics for Prometheus",
  },
  status: {
    group: "Seeing inside",
    kind: "switch",
    description: "Answer /status with a page of what goes on now",
  },
  "status-token": {
    group: "Seeing inside",
    kind: "text",
    placeholder: "TOKEN",
    description: "What both ask for, 16 characters at least",
    otherwise: "made and printed; none where --host is this machine alone",
  },
} as const;

/** What it prints. */
const outputFlags = {
  quiet: { group: "Output", kind: "switch", description: "Print no line per message" },
  json: {
    group: "Output",
    kind: "switch",
    description: "Print one JSON object per line, for programs; who comes and leaves too",
  },
} as const;

/** Every flag of `halyard serve`: what is parsed and what help shows. */
export const serveFlags: typeof accessFlags &
  typeof messageLimitFlags &
  typeof loadFlags &
  typeof idleTimeoutFlags &
  typeof transferFlags &
  typeof observingFlags &
  typeof frameTraceFlags &
  typeof outputFlags &
  typeof programFlags = {
  ...accessFlags,
  ...messageLimitFlags,
  ...loadFlags,
  ...idleTimeoutFlags,
  ...transferFlags,
  ...observingFlags,
  ...frameTraceFlags,
  ...outputFlags,
  ...programFlags,
};

export type ServeFlags = FlagValues<typeof serveFlags>;

/** The address of `--host` as Node takes it: a URL's brackets around an IPv6 address come off. */
export function addressOf(host: string | undefined): string | undefined {
  return host?.replace(/^\[(.*)\]$/, "$1");
}

/**
 * How many processes `--workers` asks for.
 *
 * @throws CliError with exit code 2 for what is no such number.
 */
export function workersOf({ workers }: Pick<ServeFlags, "workers">): number {
  if (workers === undefined) return 1;
  if (workers === "auto") return availableParallelism();
  const count = /^\d{1,4}$/.test(workers) ? Number(workers) : 0;
  if (count >= 1 && count <= 1024) return count;
  throw CliError.ofUsage(`--workers takes auto or a whole number from 1 to 1024, not ${JSON.stringify(workers)}`);
}

/**
 * What the flags say of proxies in front, as the option `trustProxy` has it.
 *
 * @throws CliError with exit code 2 where they go without `--trust-proxy`, or name no headers.
 */
export function trustProxyOf(flags: Pick<ServeFlags, "trustProxy" | "proxyHeaders" | "proxyProtocol">): TrustProxy {
  const { trustProxy: proxies, proxyHeaders, proxyProtocol } = flags;
  if (proxies.length === 0) {
    if (proxyHeaders === undefined && !proxyProtocol) return false;
    throw CliError.ofUsage(`--${proxyProtocol ? "proxy-protocol" : "proxy-headers"} needs --trust-proxy`);
  }
  const headers = allProxyHeaders.find((kind) => kind === (proxyHeaders ?? "x-forwarded"));
  if (headers === undefined) {
    throw CliError.ofUsage(`--proxy-headers takes ${allProxyHeaders.join(", ")}, not ${JSON.stringify(proxyHeaders)}`);
  }
  const [only = ""] = proxies;
  const from = proxies.length === 1 && /^\d{1,2}$/.test(only) ? Number(only) : proxies;
  return { from, headers, proxyProtocol };
}

const allProxyHeaders: readonly ProxyHeaders[] = ["x-forwarded", "forwarded", "none"];

/** @throws CliError with exit code 2 for flags that are right one by one and not together. */
export function checkServeFlags(flags: ServeFlags): void {
  const { cert, key, allowOrigin } = flags;
  workersOf(flags);
  trustProxyOf(flags);
  if ((cert === undefined) !== (key === undefined)) {
    throw CliError.ofUsage(`--${cert === undefined ? "key needs --cert" : "cert needs --key"}`);
  }
  checkObservingFlags(flags);
  for (const origin of allowOrigin) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw CliError.ofUsage(
      `--allow-origin takes an origin such as https://example.com:8443, without a path, not ${JSON.stringify(origin)}`,
    );
  }
}

function checkObservingFlags(flags: ServeFlags): void {
  const { metrics, status, statusToken, workers, trace } = flags;
  checkFrameTraceFlags(flags);
  if (trace !== undefined && workersOf({ workers }) > 1) {
    throw CliError.ofUsage("--trace writes what one process sees: leave out --workers");
  }
  if (statusToken === undefined) return;
  if (!metrics && !status) throw CliError.ofUsage("--status-token needs --status or --metrics");
  if (!/^[\x21-\x7e]{16,}$/.test(statusToken)) {
    throw CliError.ofUsage("--status-token takes 16 or more printable characters without spaces");
  }
}

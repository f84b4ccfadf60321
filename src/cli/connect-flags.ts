import { CliError } from "./cli-error.js";
import type { FlagValues } from "./flags.js";
import { checkFrameTraceFlags } from "./frame-trace.js";
import { frameTraceFlags, idleTimeoutFlags, messageLimitFlags, programFlags } from "./shared-flags.js";

/** How it connects, and what it then does. */
const sessionFlags = {
  header: {
    group: "Handshake",
    kind: "list",
    short: "H",
    placeholder: '"NAME: VALUE"',
    description: "Header of the request; repeatable",
  },
  subprotocol: {
    group: "Handshake",
    kind: "list",
    short: "s",
    placeholder: "NAME",
    description: "Subprotocol to offer, the favourite first; repeatable",
  },
  origin: {
    group: "Handshake",
    kind: "text",
    short: "o",
    placeholder: "ORIGIN",
    description: "Origin to claim, as a page's browser would",
  },
  auth: {
    group: "Handshake",
    kind: "text",
    placeholder: "USER:PASSWORD",
    description: "Basic authentication; other users of this machine can see it while the command runs",
  },
  compression: {
    group: "Handshake",
    kind: "switch",
    description: "Offer to compress messages (permessage-deflate)",
  },
  "follow-redirects": {
    group: "Handshake",
    kind: "count",
    placeholder: "COUNT",
    least: 0,
    most: 20,
    default: 0,
    description: "Redirects to follow; never from wss to ws",
  },
  proxy: {
    group: "Handshake",
    kind: "text",
    placeholder: "URL",
    description: 'Proxy to go through: http, https or socks5; "environment" takes HTTPS_PROXY and the like',
    otherwise: "none",
  },
  http2: {
    group: "Handshake",
    kind: "switch",
    description: "Ask for HTTP/2; a wss server may choose HTTP/1.1, a ws server must take it",
  },
  "timeout-ms": {
    group: "Handshake",
    kind: "count",
    placeholder: "MS",
    least: 1,
    most: 2_147_483_647,
    default: 10_000,
    description: "Time until the connection is open",
  },
  "close-timeout-ms": {
    group: "Handshake",
    kind: "count",
    placeholder: "MS",
    least: 1,
    most: 2_147_483_647,
    default: 5_000,
    description: "Time for the closing handshake",
  },
  ca: {
    group: "TLS",
    kind: "text",
    placeholder: "FILE",
    description: "Certificates to trust, in PEM, in place of the usual ones",
  },
  cert: {
    group: "TLS",
    kind: "text",
    placeholder: "FILE",
    description: "Certificate to show, in PEM; needs --key",
  },
  key: { group: "TLS", kind: "text", placeholder: "FILE", description: "Private key of the certificate, in PEM" },
  servername: {
    group: "TLS",
    kind: "text",
    placeholder: "NAME",
    description: "Name to ask for and to find in the server's certificate",
    otherwise: "the URL's",
  },
  insecure: {
    group: "TLS",
    kind: "switch",
    description: "Take any certificate: whoever sits in between can read along",
  },
  execute: {
    group: "Messages",
    kind: "list",
    short: "x",
    placeholder: "MESSAGE",
    mayBeEmpty: true,
    description: "Message to send first; repeatable",
  },
  binary: { group: "Messages", kind: "switch", description: "Send lines and --execute as binary messages" },
  once: {
    group: "Messages",
    kind: "switch",
    description: "Close after the first message; without one the exit status is 3",
  },
  "wait-ms": {
    group: "Messages",
    kind: "count",
    placeholder: "MS",
    least: 0,
    most: 2_147_483_647,
    description: "After the end of piped input, close when nothing has come for so long; 0 waits for the server",
    otherwise: "1000; 0 with --once",
  },
  history: {
    group: "Messages",
    kind: "text",
    placeholder: "FILE",
    description: "Keep typed lines for the next time; a line that begins with a space is left out",
    otherwise: "keep none",
  },
} as const;

/** How it finds out that the server is gone. */
const pingFlags = {
  "ping-interval-ms": {
    group: "Times, 0 for off",
    kind: "count",
    placeholder: "MS",
    least: 0,
    most: 2_147_483_647,
    default: 30_000,
    description: "Time from one ping of its own to the next",
  },
  "pong-timeout-ms": {
    group: "Times, 0 for off",
    kind: "count",
    placeholder: "MS",
    least: 0,
    most: 2_147_483_647,
    default: 30_000,
    description: "Time the server may be silent after such a ping; more ends in 1011",
  },
} as const;

/** What it prints. */
const outputFlags = {
  json: { group: "Output", kind: "switch", description: "Print one JSON object per line for all that happens" },
  quiet: { group: "Output", kind: "switch", short: "q", description: "Print messages and errors only" },
  "no-color": { group: "Output", kind: "switch", description: "Print no colors, as with NO_COLOR set" },
} as const;

/** Every flag of `halyard connect`: what is parsed and what help shows. */
export const connectFlags: typeof sessionFlags &
  typeof messageLimitFlags &
  typeof idleTimeoutFlags &
  typeof pingFlags &
  typeof frameTraceFlags &
  typeof outputFlags &
  typeof programFlags = {
  ...sessionFlags,
  ...messageLimitFlags,
  ...idleTimeoutFlags,
  ...pingFlags,
  ...frameTraceFlags,
  ...outputFlags,
  ...programFlags,
};

export type ConnectFlags = FlagValues<typeof connectFlags>;

/** @throws CliError with exit code 2 for flags that are right one by one and not together. */
export function checkConnectFlags(flags: ConnectFlags): void {
  const { cert, key, auth, header } = flags;
  checkFrameTraceFlags(flags);
  if ((cert === undefined) !== (key === undefined)) {
    throw CliError.ofUsage(`--${cert === undefined ? "key needs --cert" : "cert needs --key"}`);
  }
  if (auth !== undefined && !auth.includes(":")) throw CliError.ofUsage("--auth takes USER:PASSWORD, with a colon");
  const wrong = header.find((each) => !/^[^\s:]+:/.test(each));
  if (wrong !== undefined) {
    // What has no colon may be all secret.
    throw CliError.ofUsage('--header takes "NAME: VALUE", with a colon behind the name');
  }
  if (auth !== undefined && header.some((each) => /^authorization:/i.test(each))) {
    throw CliError.ofUsage("--auth and --header Authorization say the same thing; give one of them");
  }
}

/**
 * The URL of a command line.
 *
 * @throws CliError with exit code 2 for none, or for one without a scheme.
 */
export function urlOf([url]: readonly string[]): string {
  if (url === undefined) throw CliError.ofUsage("connect to what? halyard connect ws://localhost:8080/echo");
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url) || url.startsWith("ws+unix:")) return url;
  throw CliError.ofUsage("a URL begins with ws:// or wss://");
}

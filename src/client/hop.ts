import type { HeaderFields } from "../internal/header-fields.js";
import type { ResolvedConnectOptions } from "./connect-options.js";
import type { Target } from "./target.js";
import type { TlsOptions } from "./tls-options.js";

/** One server on the way to a WebSocket, and what it may be told. */
export interface Hop {
  readonly target: Target;
  readonly headers: HeaderFields;
  readonly tls: TlsOptions;
}

/** What a server that the caller did not name may be told: it says nothing of who is asking. */
const harmlessHeaders = ["accept", "accept-encoding", "accept-language", "cache-control", "pragma", "user-agent"];

/** The server that the caller named. */
export function firstHop(target: Target, authorization: string | undefined, options: ResolvedConnectOptions): Hop {
  const { headers, tls } = options;
  if (authorization === undefined) return { target, headers, tls };
  if (Object.keys(headers).some((name) => name.toLowerCase() === "authorization")) {
    throw new TypeError("the url has credentials and option headers has Authorization; give one of them");
  }
  return { target, headers: { ...headers, Authorization: authorization }, tls };
}

/**
 * The server that `hop` has redirected to. Another one, by scheme, host or port, is not told what may be secret: of the
 * headers it gets the harmless ones, and no client certificate. What was left out once does not come back.
 */
export function nextHop(hop: Hop, target: Target): Hop {
  if (target.origin === hop.target.origin) return { ...hop, target };
  const headers = Object.fromEntries(
    Object.entries(hop.headers).filter(([name]) => harmlessHeaders.includes(name.toLowerCase())),
  );
  const { cert: _cert, key: _key, pfx: _pfx, passphrase: _passphrase, servername: _servername, ...tls } = hop.tls;
  return { target, headers, tls };
}

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { hostOf } from "./request-host.js";
import type { ServeFlags } from "./serve-flags.js";

const TOKEN_BYTES = 18;

/** What one has to know to look inside. */
export interface StatusToken {
  readonly text: string;
  /** Whether it was made here: the user who gave it knows it, and it need not be printed. */
  readonly isMade: boolean;
}

/**
 * The token that `--status-token` gives, or a new one; undefined for none, where only this machine can connect. A proxy on it
 * lets others in as well.
 */
export function statusTokenOf({
  host,
  statusToken,
  trustProxy,
}: Pick<ServeFlags, "host" | "statusToken" | "trustProxy">): StatusToken | undefined {
  if (statusToken !== undefined) return { text: statusToken, isMade: false };
  if (isThisMachine(host) && trustProxy.length === 0) return undefined;
  return { text: randomBytes(TOKEN_BYTES).toString("base64url"), isMade: true };
}

/** Whether `request` comes with the token, and not from a page of another origin. */
export function maySee({ headers }: Pick<IncomingMessage, "headers">, token: string | undefined): boolean {
  if (!isOwnPage(headers.origin, hostOf(headers))) return false;
  if (token === undefined) return true;
  const [, given = ""] = /^Bearer (\S+)$/i.exec(headers.authorization ?? "") ?? [];
  // Hashes are of one length, which is what the comparison in constant time asks for.
  return timingSafeEqual(digestOf(given), digestOf(token));
}

function isThisMachine(host: string | undefined): boolean {
  return host !== undefined && (host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host));
}

function isOwnPage(origin: string | undefined, host: string): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

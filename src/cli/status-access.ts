import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const TOKEN_BYTES = 18;

/** What one has to know to look inside: nothing where only this machine can connect. */
export function statusTokenOf(host: string | undefined, given: string | undefined): string | undefined {
  if (given !== undefined) return given;
  return isThisMachine(host) ? undefined : randomBytes(TOKEN_BYTES).toString("base64url");
}

/** Whether `request` comes with the token, and not from a page of another origin. */
export function maySee({ headers }: Pick<IncomingMessage, "headers">, token: string | undefined): boolean {
  if (!isOwnPage(headers.origin, headers.host)) return false;
  if (token === undefined) return true;
  const [, given = ""] = /^Bearer (\S+)$/i.exec(headers.authorization ?? "") ?? [];
  // Hashes are of one length, which is what the comparison in constant time asks for.
  return timingSafeEqual(digestOf(given), digestOf(token));
}

function isThisMachine(host: string | undefined): boolean {
  return host !== undefined && (host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host));
}

function isOwnPage(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

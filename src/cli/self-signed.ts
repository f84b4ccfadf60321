import { isIP } from "node:net";
import type * as Selfsigned from "selfsigned";
import { CliError, messageOf } from "./cli-error.js";

/** A certificate and its private key, both in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

const HOUR_MS = 3_600_000;
const LIFETIME_MS = 90 * 24 * HOUR_MS;

/**
 * Makes a certificate for localhost, 127.0.0.1, ::1 and `host` that signs itself; it lives in memory and for 90 days.
 * Browsers warn before they accept it.
 *
 * @throws CliError where selfsigned, an optional peer dependency of this package, is not installed.
 */
export async function createSelfSigned(host: string | undefined): Promise<KeyPair> {
  const { generate } = await loadSelfsigned();
  const names = new Set(["localhost", "127.0.0.1", "::1", ...(host === undefined ? [] : [host])]);
  const now = Date.now();
  const pair = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    notBeforeDate: new Date(now - HOUR_MS), // the clock of a phone on the same network may be behind
    notAfterDate: new Date(now + LIFETIME_MS),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [...names].map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
  });
  return { cert: pair.cert, key: pair.private };
}

async function loadSelfsigned(): Promise<typeof Selfsigned> {
  try {
    return await import("selfsigned");
  } catch (cause) {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND";
    const what = isMissing ? "is not installed: npm install selfsigned" : `cannot be loaded (${messageOf(cause)})`;
    const message = `--tls makes its certificate with the package selfsigned, which ${what}, or give --cert and --key`;
    throw new CliError(message, undefined, { cause });
  }
}

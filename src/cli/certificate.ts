import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { CliError, messageOf } from "./cli-error.js";
import { createSelfSigned, type KeyPair } from "./self-signed.js";
import type { ServeFlags } from "./serve-flags.js";

/** What TLS needs, and what a user compares with what the browser shows. */
export interface Certificate extends KeyPair {
  readonly isSelfSigned: boolean;
  /** SHA-256 of the certificate, in pairs of hexadecimal digits. */
  readonly fingerprint: string;
}

/**
 * The certificate that the flags ask for, or `undefined` without TLS.
 *
 * @throws CliError that names the file that cannot be read or that holds no usable certificate or key.
 */
export async function findCertificate(flags: ServeFlags): Promise<Certificate | undefined> {
  const { tls, cert, key, host } = flags;
  if (cert !== undefined && key !== undefined) {
    const pair = { cert: await readPem("cert", cert), key: await readPem("key", key) };
    return { ...pair, isSelfSigned: false, fingerprint: checkPair(pair, cert, key) };
  }
  if (!tls) return undefined;
  const pair = await createSelfSigned(host);
  return { ...pair, isSelfSigned: true, fingerprint: new X509Certificate(pair.cert).fingerprint256 };
}

/** @throws CliError that names the flag whose file cannot be read. */
export async function readPem(flag: "ca" | "cert" | "key", file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CliError(`cannot read the file of --${flag}: ${messageOf(error)}`, undefined, { cause: error });
  }
}

/** The marks of a key that wants a passphrase: PKCS #8, and what OpenSSL wrote before (RFC 7468 §11, RFC 1421 §4.6). */
const ENCRYPTED_KEY = /^(?:-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED)/m;

/**
 * The fingerprint of a certificate.
 *
 * @throws CliError that names the files, when they do not hold a certificate and its key.
 */
export function checkPair(pair: KeyPair, certFile: string, keyFile: string): string {
  if (ENCRYPTED_KEY.test(pair.key)) {
    const way = `which \`openssl pkey -in ${keyFile}\` prints`;
    throw new CliError(`${keyFile} is encrypted; halyard takes a key without a passphrase, ${way}`);
  }
  try {
    createSecureContext(pair);
    return new X509Certificate(pair.cert).fingerprint256;
  } catch (error) {
    const message = isMismatch(error)
      ? `${keyFile} is not the key of the certificate in ${certFile}`
      : `${certFile} and ${keyFile} are not a certificate and its key in PEM: ${messageOf(error)}`;
    throw new CliError(message, undefined, { cause: error });
  }
}

function isMismatch(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ERR_OSSL_X509_KEY_VALUES_MISMATCH" || error.code === "ERR_OSSL_X509_KEY_TYPE_MISMATCH";
}

import { X509Certificate } from "node:crypto";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { ConnectOptions, HeaderFields } from "../client/index.js";
import { checkPair, readPem } from "./certificate.js";
import { CliError, messageOf } from "./cli-error.js";
import type { ConnectFlags } from "./connect-flags.js";

/**
 * What `connect` is told, as the flags have it.
 *
 * @throws CliError that names the file that cannot be read or that holds no usable certificate or key.
 */
export async function connectOptionsOf(flags: ConnectFlags, signal: AbortSignal): Promise<ConnectOptions> {
  return {
    headers: headersOf(flags),
    subprotocols: flags.subprotocol,
    origin: flags.origin,
    compression: flags.compression,
    tls: await tlsOptionsOf(flags),
    handshakeTimeoutMs: flags.timeoutMs,
    followRedirects: flags.followRedirects,
    proxy: flags.proxy,
    http2: flags.http2,
    signal,
    maxMessageBytes: flags.maxMessageBytes,
    maxFrameBytes: flags.maxFrameBytes,
    maxFragments: flags.maxFragments,
    pingIntervalMs: flags.pingIntervalMs,
    pongTimeoutMs: flags.pongTimeoutMs,
    idleTimeoutMs: flags.idleTimeoutMs,
    closeTimeoutMs: flags.closeTimeoutMs,
  };
}

/** The headers by name; one that is given twice goes out twice. */
function headersOf({ header, auth }: ConnectFlags): HeaderFields {
  const headers = new Map<string, string[]>();
  const lines = [...header, ...(auth === undefined ? [] : [`Authorization: Basic ${base64Of(auth)}`])];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return Object.fromEntries(headers);
}

function base64Of(text: string): string {
  return Buffer.from(text).toString("base64");
}

async function tlsOptionsOf({ ca, cert, key, insecure, servername }: ConnectFlags): Promise<TlsOptions> {
  return {
    ...(insecure && { rejectUnauthorized: false }),
    ...(servername !== undefined && { servername }),
    ...(ca !== undefined && { ca: await readAuthorities(ca) }),
    ...(cert !== undefined && key !== undefined && (await readPair(cert, key))),
  };
}

/** Node takes anything for `ca` and trusts nobody then; so it is read here. */
async function readAuthorities(file: string): Promise<string> {
  const pem = await readPem("ca", file);
  try {
    void new X509Certificate(pem);
    return pem;
  } catch (error) {
    throw new CliError(`${file} holds no certificate in PEM: ${messageOf(error)}`, undefined, { cause: error });
  }
}

async function readPair(certFile: string, keyFile: string): Promise<TlsOptions> {
  const pair = { cert: await readPem("cert", certFile), key: await readPem("key", keyFile) };
  checkPair(pair, certFile, keyFile);
  return pair;
}

import { type ConnectionOptions, createSecureContext } from "node:tls";

import { describeValue } from "../internal/option-check.js";

/** Options of `node:tls`: all but those that say where to connect, which the URL does. */
export type TlsOptions = Omit<ConnectionOptions, "host" | "port" | "path" | "socket">;

/**
 * `option`, once Node has taken its certificates, keys and ciphers: here a bad one can be told from a bad server. What is undefined in it is
 * left out, so that it takes no default's place: without `servername` there would be no SNI.
 *
 * @throws TypeError that names the option and says what Node says.
 */
export function checkTls(option: TlsOptions | undefined, name: "tls" | "proxyTls" = "tls"): TlsOptions {
  if (option === undefined) return {};
  if (typeof option !== "object" || option === null) {
    throw new TypeError(`option ${name} got ${describeValue(option)}; it takes an object of options of node:tls`);
  }
  try {
    createSecureContext(option);
  } catch (cause) {
    throw new TypeError(`option ${name} was refused by node:tls: ${(cause as Error).message}`, { cause });
  }
  return Object.fromEntries(Object.entries(option).filter(([, value]) => value !== undefined));
}

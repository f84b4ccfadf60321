import { describeValue } from "../internal/option-check.js";

/** What proves to the clients who the server is, in any of the ways of `node:tls`. */
const identities: readonly (readonly string[])[] = [
  ["cert", "key"],
  ["cert", "privateKeyIdentifier"],
  ["pfx"],
  ["SNICallback"],
  ["pskCallback"],
];

/**
 * Node takes TLS options without a certificate, listens, and then fails every client.
 *
 * @throws TypeError for what cannot be the options of a TLS server.
 */
export function checkTlsOptions(tls: unknown): void {
  if (tls === undefined) return;
  const takes = "options of node:tls with cert and key, or pfx, or SNICallback";
  if (typeof tls !== "object" || tls === null || Array.isArray(tls)) {
    throw new TypeError(`option tls got ${describeValue(tls)}; it takes ${takes}`);
  }
  const given = new Map<string, unknown>(Object.entries(tls));
  const isComplete = identities.some((names) => names.every((name) => given.get(name) !== undefined));
  if (!isComplete) throw new TypeError(`option tls got ${[...given.keys()].join(", ") || "{}"}; it takes ${takes}`);
}

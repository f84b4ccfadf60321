/** `"192.0.2.1:8080"`, `"[::1]:8080"`; `""` where there is no address (a Unix socket). An IPv4-mapped address reads as IPv4. */
export function formatAddress(host: string | undefined, port: number | undefined): string {
  if (host === undefined || port === undefined) return "";
  const address = unmapAddress(host);
  // Not by adding them up: V8 would keep such a string in its parts, which take three times the memory.
  return address.includes(":") ? ["[", address, "]:", port].join("") : [address, port].join(":");
}

/** `::ffff:192.0.2.1`, as a dual-stack listener sees an IPv4 peer, as `192.0.2.1`. */
export function unmapAddress(host: string): string {
  const prefix = "::ffff:";
  return host.startsWith(prefix) && host.includes(".") ? host.slice(prefix.length) : host;
}

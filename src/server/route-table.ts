import type { IncomingMessage } from "node:http";

import { checkEndpoint, type Endpoint } from "./endpoint.js";

/**
 * The endpoints by path.
 *
 * @throws TypeError or RangeError that names the path which cannot be a route, or whose endpoint is none.
 */
export function routeTable<Data>(
  routes: Readonly<Record<string, Endpoint<Data>>>,
): ReadonlyMap<string, Endpoint<Data>> {
  if (typeof routes !== "object" || routes === null) {
    throw new TypeError('option routes takes an object of endpoints by path: { "/echo": endpoint }');
  }
  for (const [path, endpoint] of Object.entries<unknown>(routes)) {
    const where = `option routes got ${JSON.stringify(path)}`;
    if (!/^\/[^?#]*$/.test(path)) throw new RangeError(`${where}; a path begins with "/" and has no query`);
    try {
      checkEndpoint(endpoint);
    } catch (cause) {
      const reason = cause instanceof Error ? `: ${cause.message}` : "";
      throw new TypeError(`${where} without an endpoint, a function or a handler object${reason}`, { cause });
    }
  }
  return new Map(Object.entries(routes));
}

/** The path that a request is for, without its query. */
export function pathOf(request: { readonly url?: string | undefined }): string {
  // RFC 6455 §4.2.1 (1): the target may be an absolute HTTP or HTTPS URI that contains the path.
  const url = request.url ?? "/";
  const target = url.startsWith("/") ? url : url.replace(/^https?:\/\/[^/?]*/i, "");
  const query = target.indexOf("?");
  const path = query === -1 ? target : target.slice(0, query);
  return path === "" ? "/" : path;
}

/** The query of a request, with its question mark; "" when there is none. */
export function queryOf(request: IncomingMessage): string {
  const target = request.url ?? "";
  const start = target.indexOf("?");
  return start === -1 ? "" : target.slice(start);
}

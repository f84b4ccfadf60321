import { once } from "node:events";
import { request } from "node:http";
import type { Duplex } from "node:stream";
import { connect, type Connection, type DialContext } from "halyard/client";

/** Opens a tunnel to the URL's host through an HTTP proxy. TLS, for wss, is spoken over what it returns. */
async function tunnel(proxy: URL, url: URL, { signal }: DialContext): Promise<Duplex> {
  const path = `${url.hostname}:${url.port || (url.protocol === "wss:" ? 443 : 80)}`;
  const asking = request({ method: "CONNECT", host: proxy.hostname, port: proxy.port, path, agent: false, signal });
  asking.end();
  const [response, socket, head] = (await once(asking, "connect")) as [{ statusCode: number }, Duplex, Uint8Array];
  if (head.length > 0) socket.unshift(head);
  if (response.statusCode === 200) return socket;
  socket.destroy();
  throw new Error(`the proxy answered ${response.statusCode}`);
}

export function connectThrough(proxy: URL, url: string): Promise<Connection<undefined>> {
  return connect(url, { dial: (target, context) => tunnel(proxy, target, context) });
}

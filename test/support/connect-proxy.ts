import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { onTestFinished } from "vitest";

/** What a proxy makes of a CONNECT request; by default it opens the tunnel. */
type OnConnect = (request: IncomingMessage, client: Duplex, open: () => void) => void;

/** An HTTP proxy that knows CONNECT, on a free port of 127.0.0.1; it stops when the test is over. */
export interface ConnectProxy {
  readonly port: number;
  /** `"Proxy-Authorization CONNECT host:port"` of every request, the first as it came or `"-"`. */
  readonly asked: readonly string[];
  /** The sockets of its clients that are not closed. */
  readonly clients: ReadonlySet<Socket>;
}

export async function startConnectProxy(
  onConnect: OnConnect = (_request, _client, open) => open(),
): Promise<ConnectProxy> {
  const asked: string[] = [];
  const clients = new Set<Socket>();
  const http = createServer();
  http.on("connection", (client) => {
    clients.add(client);
    client.once("close", () => clients.delete(client));
  });
  http.on("connect", (request, client) => {
    const { url = "", headers } = request;
    asked.push(`${headers["proxy-authorization"] ?? "-"} CONNECT ${url}`);
    client.on("error", () => {});
    onConnect(request, client, () => openTunnel(url, client));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    http.close();
    for (const client of clients) client.destroy();
  });
  return { port: (http.address() as AddressInfo).port, asked, clients };
}

function openTunnel(authority: string, client: Duplex): void {
  const { hostname, port } = new URL(`http://${authority}`);
  const server = connectTcp(Number(port), hostname, () => {
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    client.pipe(server).pipe(client);
  });
  server.on("error", () => client.destroy());
  client.once("close", () => server.destroy());
}

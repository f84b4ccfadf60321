import { connect, type Connection } from "halyard/client";
import { HttpsProxyAgent } from "https-proxy-agent";

/** Connects through an HTTP proxy by CONNECT, for ws as for wss. `proxy` may have a user name and a password. */
export function connectByAgent(proxy: URL, url: string): Promise<Connection<undefined>> {
  return connect(url, { agent: new HttpsProxyAgent(proxy) });
}

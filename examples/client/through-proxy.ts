import { connect, ConnectError, type Connection } from "halyard/client";

/** Connects through `proxy`, a URL or `"environment"`; says who is to be asked where that fails. */
export async function connectThroughProxy(url: string, proxy: string): Promise<Connection<undefined> | string> {
  try {
    return await connect(url, { proxy });
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    if (error.code === "proxy-auth-required") return "wrong user name or password for the proxy";
    return error.code.startsWith("proxy-") ? `ask who runs the proxy: ${error.code}` : error.message;
  }
}

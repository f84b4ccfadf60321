import { connect, ConnectError, type Connection } from "halyard/client";

/** Connects, and says in one line why it could not. Gives up after three seconds, or when `signal` is aborted. */
export async function connectOrExplain(url: string, signal: AbortSignal): Promise<Connection<undefined> | string> {
  try {
    return await connect(url, { signal, handshakeTimeoutMs: 3_000 });
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error; // a wrong URL or option
    if (error.code === "aborted") return "you have changed your mind";
    if (error.code !== "http-status") return error.message;
    const { status, body } = error.response; // TypeScript knows that there is one
    return `refused with ${status}: ${body.toString().trim()}`;
  }
}

import { type Connection, type ConnectionHandler, serve, type Server } from "halyard/server";

/** @ServerEndpoint("/echo"): one object for all its sessions. */
class EchoEndpoint implements ConnectionHandler<undefined> {
  /** @OnOpen */
  open(session: Connection<undefined>): void {
    session.write("welcome");
  }

  /** @OnMessage: text as a string, binary as bytes. */
  message(session: Connection<undefined>, message: string | Uint8Array): Promise<void> {
    return session.send(message); // the session's next message waits for it
  }

  /** @OnClose */
  close(session: Connection<undefined>, { code, reason }: { readonly code: number; readonly reason: string }): void {
    console.log(`${session.remote} left: ${code} ${reason}`);
  }

  /** @OnError */
  error(session: Connection<undefined>, error: unknown): void {
    console.error(session.remote, error);
  }
}

export function start(port: number): Promise<Server> {
  return serve({ port, routes: { "/echo": new EchoEndpoint() } });
}

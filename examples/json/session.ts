import { jsonChannel } from "halyard/json";
import { ConnectionError, serve, type Server } from "halyard/server";
import { z } from "zod";

const LogIn = z.object({ user: z.string().min(1) });
const Session = z.object({ user: z.string(), token: z.uuid() });

/** Gives a token to who says a name within `patienceMs`. The token is kept out of what is compressed. */
export function start(port: number, patienceMs: number): Promise<Server> {
  return serve({
    port,
    compression: true,
    routes: {
      "/session": async (connection) => {
        const channel = jsonChannel(connection, { receive: LogIn, send: Session, onInvalid: "skip" });
        try {
          const guest = await channel.receive({ timeoutMs: patienceMs });
          if (guest === undefined) return;
          await channel.send({ user: guest.user, token: crypto.randomUUID() }, { secret: true });
        } catch (error) {
          if (!(error instanceof ConnectionError && error.code === "receive-timeout")) throw error;
          await connection.close(1008, "too late");
        }
      },
    },
  });
}

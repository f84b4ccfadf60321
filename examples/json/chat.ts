import { jsonChannel } from "halyard/json";
import { serve, type Server } from "halyard/server";
import { z } from "zod";

const Say = z.object({ say: z.string().min(1).max(500) });
const Said = z.object({ from: z.string(), said: z.string() });

/** A chat with yourself: `{"say":"hi"}` comes back as `{"from":"127.0.0.1:58036","said":"hi"}`. */
export function start(port: number): Promise<Server> {
  return serve({
    port,
    routes: {
      "/chat": async (connection) => {
        const chat = jsonChannel(connection, { receive: Say, send: Said });
        for await (const { say } of chat) await chat.send({ from: connection.remote, said: say });
      },
    },
  });
}

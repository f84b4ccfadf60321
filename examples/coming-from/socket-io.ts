import { jsonHandler } from "halyard/json";
import { serve, type Server } from "halyard/server";
import { z } from "zod";

/** The events of the client, each with what it carries. */
const FromClient = z.discriminatedUnion("event", [
  z.object({ event: z.literal("join"), room: z.string().min(1).max(50) }),
  z.object({ event: z.literal("say"), room: z.string().min(1).max(50), text: z.string().max(500) }),
]);

/** Rooms, and events with names, over plain WebSocket: any client can speak it. */
export async function start(port: number): Promise<Server> {
  const server: Server = await serve({
    port,
    routes: {
      "/": jsonHandler(FromClient, {
        message: (socket, { event, room, ...rest }) => {
          const topic = server.topic(`room:${room}`);
          if (event === "join") topic.add(socket); // socket.join(room)
          else if (topic.has(socket)) {
            const said = JSON.stringify({ event: "said", room, ...rest });
            topic.publish(said, { except: socket }); // socket.to(room).emit("said", ...)
          }
        },
      }),
    },
  });
  return server;
}

import { jsonHandler } from "halyard/json";
import { serve, type Server } from "halyard/server";
import { z } from "zod";

const Frame = z.discriminatedUnion("command", [
  z.object({ command: z.literal("SUBSCRIBE"), destination: z.string().startsWith("/topic/") }),
  z.object({ command: z.literal("SEND"), destination: z.literal("/app/hello"), name: z.string().max(100) }),
]);

/** What @MessageMapping, @SendTo and the simple broker do in "Using WebSocket to build an interactive web application". */
export async function start(port: number): Promise<Server> {
  const server: Server = await serve({
    port,
    checkOrigin: "same-host", // setAllowedOrigins
    routes: {
      "/gs-guide-websocket": jsonHandler(Frame, {
        message: (connection, frame) => {
          if (frame.command === "SUBSCRIBE") server.topic(frame.destination).add(connection);
          else server.topic("/topic/greetings").publish(JSON.stringify({ content: `Hello, ${frame.name}!` }));
        },
      }),
    },
  });
  return server;
}

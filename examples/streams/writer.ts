import { serve, type Server } from "halyard/server";

/** Answers each question with one text message, written word by word as a language model would. */
export function start(port: number): Promise<Server> {
  return serve({
    port,
    routes: {
      "/ask": async (socket) => {
        for await (const question of socket) {
          const writer = socket.createWritable().getWriter();
          for (const word of String(question).split(" ").toReversed()) await writer.write(`${word} `);
          await writer.close();
        }
      },
    },
  });
}

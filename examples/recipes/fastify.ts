import fastify, { type FastifyInstance } from "fastify";
import { Upgrader } from "halyard/server";

/** Fastify answers the requests, Halyard the upgrades; closing Fastify closes the connections. */
export async function start(port: number): Promise<FastifyInstance> {
  const upgrader = new Upgrader();
  const app = fastify();
  app.get("/", () => "Hello from Fastify");
  app.server.on("upgrade", (request, socket, head) => {
    upgrader.serve(request, socket, head, async (connection) => {
      for await (const message of connection) await connection.send(message);
    });
  });
  app.addHook("preClose", async () => void (await upgrader.close()));
  await app.listen({ port });
  return app;
}

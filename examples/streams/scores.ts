import { broadcast, type Connection, prepare, serve, type Server } from "halyard/server";

/** Tells every fan of each goal, encoded once. Whoever comes later gets the latest score first. */
export function start(port: number): Promise<Server> {
  const fans = new Set<Connection>();
  let score = prepare("0:0");
  return serve({
    port,
    routes: {
      "/scores": {
        open: (fan) => {
          fans.add(fan);
          fan.write(score);
        },
        close: (fan) => fans.delete(fan),
      },
      "/referee": {
        message: (_, latest) => {
          score = prepare(latest);
          const { sent, slow } = broadcast(fans, score);
          console.log(`told ${sent} fans, ${slow} of whom are slow`);
        },
      },
    },
  });
}

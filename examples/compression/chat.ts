import { broadcast, type Connection, serve, type Server } from "halyard/server";

/** A chat whose messages are compressed for every browser that can, which is all of them. */
export function start(port: number): Promise<Server> {
  const guests = new Set<Connection>();
  return serve({
    port,
    compression: true,
    routes: {
      "/chat": {
        open: (guest) => {
          // Whoever knows the token can act as this guest: it must not be compressed together with what others say.
          guest.write(JSON.stringify({ type: "welcome", token: crypto.randomUUID() }), { secret: true });
          guests.add(guest);
        },
        message: (_, message) => broadcast(guests, message),
        close: (guest) => guests.delete(guest),
      },
    },
  });
}

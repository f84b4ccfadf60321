import { refuse, serve, type Server } from "halyard/server";

/** Who may come in, by the cookie of your session. */
const sessions = new Map([["session=1", "ada"]]);

interface Guest {
  readonly user: string;
  readonly room: string;
}

/** The chat of the tutorial of Channels, at /ws/chat?room=NAME. */
export async function start(port: number): Promise<Server<Guest>> {
  const server: Server<Guest> = await serve<Guest>({
    port,
    authorize: ({ headers, url }) => {
      const user = sessions.get(headers.cookie ?? ""); // AuthMiddlewareStack
      const room = new URL(url, "http://server").searchParams.get("room");
      if (user === undefined) return refuse(403);
      return room === null ? refuse(400, { body: "which room?\n" }) : { user, room }; // self.scope
    },
    routes: {
      "/ws/chat": {
        open: (guest) => server.topic(`chat_${guest.data.room}`).add(guest), // group_add
        message: (guest, text) => {
          const { user, room } = guest.data;
          server.topic(`chat_${room}`).publish(JSON.stringify({ user, message: String(text) })); // group_send
        },
      },
    },
  });
  return server;
}

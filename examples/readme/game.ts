import { type Connection, serve } from "halyard/server";

const players = new Set<Connection>();

await serve({
  port: 8080,
  maxMessageBytes: 4096,
  routes: {
    "/game": {
      open: (player) => players.add(player),
      message: (player, move) => {
        for (const other of players) if (other !== player) other.write(move);
      },
      close: (player, { code, clean }) => {
        players.delete(player);
        console.log(`${player.remote} left: ${code} ${clean ? "" : "(lost)"}`);
      },
    },
  },
});

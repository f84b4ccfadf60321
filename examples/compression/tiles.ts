import { serve, type Server } from "halyard/server";

/** Map tiles: the pictures are compressed already, the descriptions are not. One compressor serves all connections. */
export function start(port: number, tileOf: (name: string) => { png: Uint8Array; about: string }): Promise<Server> {
  return serve({
    port,
    compression: { contextTakeover: false, peerContextTakeover: false, thresholdBytes: 500, level: 6 },
    routes: {
      "/tiles": async (socket) => {
        for await (const name of socket) {
          const { png, about } = tileOf(String(name));
          await socket.send(png, { compress: false });
          await socket.send(about);
        }
      },
    },
  });
}

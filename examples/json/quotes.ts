import { encodeJson, jsonHandler } from "halyard/json";
import { broadcast, type Connection, prepare, serve, type Server } from "halyard/server";
import { z } from "zod";

const Quote = z.object({ symbol: z.string(), price: z.number().positive() });

/** Tells every watcher of each quote: validated, encoded and compressed once, however many they are. */
export function start(port: number): Promise<Server> {
  const watchers = new Set<Connection>();
  let latest = prepare(encodeJson({ symbol: "HLYD", price: 100 }, Quote));
  return serve({
    port,
    compression: true,
    routes: {
      "/quotes": {
        open: (watcher) => {
          watchers.add(watcher);
          watcher.write(latest);
        },
        close: (watcher) => watchers.delete(watcher),
      },
      "/exchange": jsonHandler(Quote, {
        message: (_, quote) => {
          latest = prepare(encodeJson(quote, Quote));
          broadcast(watchers, latest);
        },
      }),
    },
  });
}

import { encodeJson, jsonHandler } from "halyard/json";
import { serve, type Server } from "halyard/server";
import * as v from "valibot";

const Square = v.pipe(v.string(), v.regex(/^[a-h][1-8]$/));
const Move = v.object({ from: Square, to: Square });

/** Says where each piece has gone, and answers what is no move instead of hanging up. */
export function start(port: number): Promise<Server> {
  return serve({
    port,
    routes: {
      "/chess": jsonHandler(Move, {
        message: (player, { from, to }) => player.write(encodeJson({ moved: `${from}-${to}` })),
        invalid: (player, error) =>
          player.write(encodeJson({ error: error.code, paths: error.issues.map(({ path }) => path) })),
      }),
    },
  });
}

import { type Connection, serve, type Server } from "halyard/server";

/** Carries calls of two: what one says, audio or video, goes to the other. */
export function start(port: number): Promise<Server> {
  const others = new Map<Connection, Connection>();
  let waiting: Connection | undefined;
  return serve({
    port,
    routes: {
      "/call": {
        borrows: true,
        open: (caller) => {
          if (waiting === undefined) {
            waiting = caller;
            return;
          }
          others.set(caller, waiting).set(waiting, caller);
          waiting = undefined;
        },
        message: (caller, message) => {
          others.get(caller)?.write(message);
        },
        close: (caller) => {
          if (waiting === caller) waiting = undefined;
          const other = others.get(caller);
          others.delete(caller);
          void other?.close(1000, "the other has hung up");
        },
      },
    },
  });
}

import { ConnectionError, serve, type Server } from "halyard/server";

/** Lets in who says the password within `patienceMs`, and then listens for as long as it takes. */
export function start(port: number, patienceMs: number): Promise<Server> {
  return serve({
    port,
    routes: {
      "/club": async (guest) => {
        try {
          if ((await guest.receive({ timeoutMs: patienceMs })) !== "swordfish") {
            await guest.close(1008, "wrong password");
            return;
          }
        } catch (error) {
          if (!(error instanceof ConnectionError && error.code === "receive-timeout")) throw error;
          await guest.close(1008, "too late");
          return;
        }
        await guest.send("welcome");
        for await (const message of guest) await guest.send(message);
      },
    },
  });
}

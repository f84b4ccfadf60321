import { serve, type Server, WorkerError } from "halyard/server";

// Every process runs this file: the first, which starts the others, and each of those, which serve.
const server: Server = await serve({
  port: Number(process.env["PORT"] ?? 8080),
  workers: "auto",
  routes: {
    "/chat": {
      open: (guest) => server.topic("chat").add(guest),
      message: (guest, said) => void server.topic("chat").publish(said, { except: guest }),
    },
  },
  onError: (error) => console.error(error instanceof WorkerError ? error.message : error),
});

if (server.role !== "worker") {
  console.log(`listening on ${server.url}`);
  process.once("SIGINT", () => {
    void server.close().then(({ closed, terminated }) => console.log(`${closed} closed, ${terminated} terminated`));
  });
}

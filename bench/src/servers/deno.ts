/** Deno's own server, run by Deno. */
import { reportPort, settings } from "./server-control.js";

interface DenoSocket {
  binaryType: string;
  readonly readyState: number;
  addEventListener(event: "open" | "close", listener: () => void): void;
  addEventListener(event: "message", listener: (event: { readonly data: string | ArrayBuffer }) => void): void;
  send(data: string | ArrayBuffer): void;
}

declare const Deno: {
  serve(options: object, handler: (request: Request) => Response): { readonly addr: { readonly port: number } };
  upgradeWebSocket(request: Request): { readonly socket: DenoSocket; readonly response: Response };
  readTextFileSync(path: string): string;
};

const OPEN = 1;
const subscribers = new Set<DenoSocket>();

function handle(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.binaryType = "arraybuffer";
  switch (new URL(request.url).pathname) {
    case "/subscribe":
      socket.addEventListener("open", () => void subscribers.add(socket));
      socket.addEventListener("close", () => void subscribers.delete(socket));
      break;
    case "/broadcast":
      socket.addEventListener("message", ({ data }) => {
        for (const subscriber of subscribers) if (subscriber.readyState === OPEN) subscriber.send(data);
      });
      break;
    default:
      socket.addEventListener("message", ({ data }) => socket.send(data));
  }
  return response;
}

const { tls } = settings;
const files = tls === undefined ? {} : { cert: Deno.readTextFileSync(tls.cert), key: Deno.readTextFileSync(tls.key) };
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {}, ...files }, handle);
reportPort(server.addr.port);

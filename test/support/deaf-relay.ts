import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { onTestFinished } from "vitest";

/** A line between clients and a server on loopback that can die without a word, as behind a NAT that has forgotten it. */
export class DeafRelay {
  readonly port: number;
  readonly #sockets: Set<Socket>;

  private constructor(port: number, sockets: Set<Socket>) {
    this.port = port;
    this.#sockets = sockets;
  }

  static async to(serverPort: number): Promise<DeafRelay> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      const onward = connect(serverPort, "127.0.0.1");
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        sockets.add(from);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return new DeafRelay((server.address() as AddressInfo).port, sockets);
  }

  /** Nothing more passes over the connections of now, and nobody is told. Those that come later are as good as any. */
  goDeaf(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }
}

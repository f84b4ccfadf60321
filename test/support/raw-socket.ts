import { once } from "node:events";
import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import { connect as connectSecurely, TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";

/** What a parser makes of the front of the bytes received: a value, and how many bytes it took. */
export interface Parsed<T> {
  readonly value: T;
  readonly size: number;
}

export interface RawSocketOptions extends Partial<TcpNetConnectOpts> {
  /** Speaks TLS, without asking whose certificate it is. */
  readonly tls?: boolean;
}

/** One end of a TCP connection that says and sees bytes. It leaves when the test is over. */
export class RawSocket {
  readonly socket: Socket;
  /** Fulfilled when the other side has ended, or reset the connection. */
  readonly ended: Promise<void>;
  /** How often the kernel gave us bytes. */
  reads = 0;
  #received: Buffer = Buffer.alloc(0);
  #hasEnded = false;
  readonly #watchers = new Set<() => void>();
  /** What TLS runs on; without TLS the socket itself. */
  readonly #transport: Socket;

  constructor(socket: Socket, transport: Socket = socket) {
    this.socket = socket;
    this.#transport = transport;
    transport.setNoDelay(true);
    socket.on("error", () => {}); // a reset is seen as the end
    socket.on("data", (chunk: Buffer) => {
      this.reads++;
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#notify();
    });
    this.ended = new Promise((resolve) => {
      const onEnd = (): void => {
        this.#hasEnded = true;
        this.#notify();
        resolve();
      };
      socket.once("end", onEnd);
      socket.once("close", onEnd);
    });
    onTestFinished(() => void socket.destroy());
  }

  static async connect(port: number, { tls = false, ...options }: RawSocketOptions = {}): Promise<RawSocket> {
    const transport = connect({ host: "127.0.0.1", port, allowHalfOpen: true, ...options });
    await once(transport, "connect");
    if (!tls) return new RawSocket(transport);
    const socket = connectSecurely({ socket: transport, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    return new RawSocket(socket, transport);
  }

  /** Whether the other side has shown a certificate in the TLS handshake. */
  get hasPeerCertificate(): boolean {
    return this.socket instanceof TLSSocket && Object.keys(this.socket.getPeerCertificate()).length > 0;
  }

  /** Writes the bytes of all `parts` at once. */
  write(...parts: readonly (string | Uint8Array)[]): void {
    this.socket.write(
      Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part))),
    );
  }

  /** Writes `bytes` one at a time, each in a packet of its own as far as TCP lets us say so. */
  async drip(bytes: string | Uint8Array): Promise<void> {
    for (const byte of typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes) {
      await new Promise<void>((resolve) => this.socket.write(Uint8Array.of(byte), () => setImmediate(resolve)));
    }
  }

  /** The next thing that `parse` finds in what was received; `undefined` when the server ended before it was whole. */
  async take<T>(parse: (bytes: Buffer) => Parsed<T> | undefined): Promise<T | undefined> {
    for (;;) {
      const parsed = parse(this.#received);
      if (parsed !== undefined) {
        this.#received = this.#received.subarray(parsed.size);
        return parsed.value;
      }
      if (this.#hasEnded) return undefined;
      await new Promise<void>((resolve) => void this.#watchers.add(resolve));
    }
  }

  /** All that the server said and nobody took, once it has ended. */
  async rest(): Promise<string> {
    await this.ended;
    return this.#received.toString("latin1");
  }

  /** Stops reading: the kernel's buffers fill and then the server's. */
  stopReading(): void {
    this.socket.pause();
  }

  readOn(): void {
    this.socket.resume();
  }

  /** Reads on and drops what comes. */
  discard(): void {
    this.socket.removeAllListeners("data");
    this.socket.resume();
  }

  /** Ends our side, as a program that exits does. */
  end(): void {
    this.socket.end();
  }

  /** Ends with a TCP reset, as a machine that lost the connection does. */
  reset(): void {
    this.#transport.resetAndDestroy();
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }
}

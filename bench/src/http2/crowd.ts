import type * as library from "halyard/client";

// By its place in the repository: a workspace cannot import the root package by name.
const entryPoint = new URL("../../../dist/client/index.js", import.meta.url);
const { connect } = (await import(entryPoint.href)) as typeof library;

/** How some of a crowd talk: each sends messages, and the next when they have all come back. */
export interface Talk {
  readonly talkers: number;
  readonly bytes: number;
  readonly inFlight: number;
  readonly rounds: number;
}

/** Clients of Halyard that all go over one version of HTTP. */
export class Crowd {
  readonly #connections: readonly library.ClientConnection[];

  private constructor(connections: readonly library.ClientConnection[]) {
    this.#connections = connections;
  }

  static async join(port: number, http2: boolean, count: number): Promise<Crowd> {
    const connections: library.ClientConnection[] = [];
    for (let i = 0; i < count; i++) {
      const options = { http2, tls: { rejectUnauthorized: false }, pingIntervalMs: 0 };
      connections.push(await connect(`wss://127.0.0.1:${port}/echo`, options));
    }
    return new Crowd(connections);
  }

  async echo({ talkers, bytes, inFlight, rounds }: Talk): Promise<void> {
    const message = "a".repeat(bytes);
    await Promise.all(
      this.#connections.slice(0, talkers).map(async (connection) => {
        for (let round = 0; round < rounds; round++) {
          for (let i = 0; i < inFlight; i++) connection.write(message);
          for (let i = 0; i < inFlight; i++) await connection.receive();
        }
      }),
    );
  }

  leave(): void {
    for (const connection of this.#connections) connection.terminate();
  }
}

import { randomUUID } from "node:crypto";
import { type Connection, ConnectError, connect } from "halyard/client";
import { expect } from "vitest";
import { isAlive } from "../../support/workers-program.js";
import { below, isTrueFor, someMessages } from "./chance.js";
import { expectSame } from "./guests.js";

/** Longer than any answer takes on a machine that is busy. */
const PATIENCE_MS = 20_000;

/** A connection that was not to be, or has ended unasked, and the worker that it was to, if that is known. */
export class Loss extends Error {
  override readonly name = "Loss";
  readonly pid: number | undefined;

  constructor(what: string, pid?: number) {
    super(what);
    this.pid = pid;
  }
}

/** A connection, and the worker that it is to, which is the first that it says. */
class Guest {
  readonly connection: Connection;
  readonly pid: number;

  private constructor(connection: Connection, pid: number) {
    this.connection = connection;
    this.pid = pid;
  }

  static async of(url: string): Promise<Guest> {
    const connection = await connect(url, { maxMessageBytes: 8 * 1024 * 1024 }).catch((error: unknown) => {
      if (!(error instanceof ConnectError) || error.code === "timeout") throw error;
      throw new Loss(`${error.code} ${error.response?.status ?? ""}`);
    });
    return new Guest(connection, Number(await take(connection, undefined)));
  }

  async take(): Promise<string | Uint8Array> {
    return await take(this.connection, this.pid);
  }

  /** Sends messages numbered from 0. */
  async say(name: string, count: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      await this.connection.send(`${name}:${number}`).catch(() => {
        throw new Loss("nobody takes what is sent", this.pid);
      });
    }
  }

  /** What it has sent may have got no further than the worker. */
  async lost(): Promise<never> {
    const { code } = await this.connection.closed;
    throw new Loss(`closed with ${code}`, this.pid);
  }

  /** Takes messages until all of those have come, in order. */
  async hear(name: string, count: number): Promise<void> {
    for (let number = 0; number < count;) {
      const said = String(await this.take());
      if (said.startsWith(name)) expect(said).toBe(`${name}:${number++}`);
    }
  }

  async leave(): Promise<void> {
    if (isTrueFor(0.5)) await this.connection.close();
    else this.connection.terminate();
  }
}

async function take(connection: Connection, pid: number | undefined): Promise<string | Uint8Array> {
  const message = await connection.receive({ timeoutMs: PATIENCE_MS }).catch((cause: unknown) => {
    const { path, state, bufferedBytes } = connection.inspect();
    const told = { path, state, bufferedBytes, pid, isAlive: pid === undefined ? undefined : isAlive(pid) };
    throw new Error(`nothing has come for ${PATIENCE_MS} ms: ${JSON.stringify(told)}`, { cause });
  });
  if (message !== undefined) return message;
  const { code } = await connection.closed;
  throw new Loss(`closed with ${code}`, pid);
}

/** Sends messages of all kinds and gets each back. */
export async function echo(url: string): Promise<void> {
  const guest = await Guest.of(`${url}/pid`);
  for (let round = below(5); round >= 0; round--) {
    const messages = someMessages();
    for (const message of messages) guest.connection.write(message);
    for (const message of messages) expectSame(await guest.take(), message);
  }
  await guest.leave();
}

/** One publishes numbered messages, others hear each of them, whatever worker they are at. */
export async function converse(url: string): Promise<void> {
  const arriving = Array.from({ length: 4 }, () => Guest.of(`${url}/news`));
  try {
    const [speaker, ...listeners] = await Promise.all(arriving);
    const name = randomUUID();
    const count = 1 + below(100);
    const hearing = Promise.all(listeners.map((listener) => listener.hear(name, count)));
    await Promise.all([speaker?.say(name, count), Promise.race([hearing, speaker?.lost()])]);
  } finally {
    for (const guest of arriving)
      void guest.then(
        async (each) => await each.leave(),
        () => {},
      );
  }
}

import { describe, expect, test } from "vitest";
import type { ConnectEvent } from "../../src/cli/connect-event.js";
import { ConnectSession, type SessionEnd } from "../../src/cli/connect-session.js";
import type { TypedLine } from "../../src/cli/typed-line.js";
import { type Connection, connect } from "../../src/client/index.js";
import type { RawPeer } from "../support/raw-peer.js";
import { RawServer } from "../support/raw-server.js";
import { until } from "../support/turns.js";

const listening: SessionEnd = { once: false, afterInput: { kind: "listen" }, pongTimeoutMs: 5_000 };

/** A client of ours, and the server made of bytes that it has come to. */
async function meet(): Promise<{ connection: Connection; peer: RawPeer }> {
  const server = await RawServer.start();
  const connecting = connect(server.url);
  const visitor = await server.visitor();
  const peer = visitor.accept();
  return { connection: await connecting, peer };
}

function sending(message: string): TypedLine {
  return { kind: "send", message };
}

describe("ConnectSession", () => {
  test("notices a line that came too late to be sent, and asks for no more", async () => {
    const { connection, peer } = await meet();
    const log: string[] = [];
    async function* lines(): AsyncGenerator<TypedLine> {
      try {
        yield sending("in time");
        peer.close(1000);
        await until(() => connection.state !== "open");
        yield sending("too late");
        log.push("asked for more");
      } finally {
        log.push("left");
        peer.raw.end();
      }
    }
    const session = new ConnectSession(connection, () => Promise.resolve(), listening);
    expect(await session.run(lines())).toMatchObject({ code: 1000, by: "peer", clean: true });
    expect(log).toEqual(["left"]);
    expect(session.hasUnsent).toBe(true);
    expect(session.hasReceived).toBe(false);
  });

  test("waits for nobody who is still to type when the connection ends", async () => {
    const { connection, peer } = await meet();
    const events: ConnectEvent[] = [];
    async function* lines(): AsyncGenerator<TypedLine> {
      yield sending("hi");
      await new Promise<never>(() => {});
    }
    const session = new ConnectSession(connection, async (event) => void events.push(event), listening);
    const ended = session.run(lines());
    expect(await peer.hear()).toEqual({ text: "hi" });
    peer.say("ahoy");
    peer.close(1000);
    await peer.leave();
    expect(await ended).toMatchObject({ code: 1000 });
    expect(events).toEqual([
      { event: "sent", message: "hi" },
      { event: "message", message: "ahoy" },
    ]);
    expect(session.hasUnsent).toBe(false);
    expect(session.hasReceived).toBe(true);
  });

  test("closes the connection, and then tells, when the lines cannot be read", async () => {
    const { connection, peer } = await meet();
    // oxlint-disable-next-line require-yield -- it fails before its first line
    async function* lines(): AsyncGenerator<TypedLine> {
      throw new Error("no lines");
    }
    const ended = new ConnectSession(connection, () => Promise.resolve(), listening).run(lines());
    expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
    peer.close(1000);
    peer.raw.end();
    await expect(ended).rejects.toThrow("no lines");
    expect(connection.state).toBe("closed");
  });
});

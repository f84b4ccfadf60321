import { describe, expect, test } from "vitest";
import type { CloseInfo, Connection } from "../../src/connection/index.js";
import { defer } from "../../src/internal/deferred.js";
import type { Endpoint } from "../../src/server/index.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import { startUpgrader } from "../support/upgrade-server.js";
import { nextTurn, until } from "../support/turns.js";

/** Has a peer join a server whose one route is `endpoint`, and tells what came of it. */
async function join(endpoint: Endpoint) {
  const errors: unknown[] = [];
  const server = await listening({
    routes: { "/": endpoint },
    onError: (error, connection) => errors.push([error, connection]),
  });
  const peer = await RawPeer.join(server.port);
  await until(() => server.connections.size === 1);
  const connection = [...server.connections][0] as Connection<undefined>;
  return { server, peer, connection, errors };
}

describe("an endpoint that is a handler object", () => {
  test("and cannot be one has its connection closed with 1011, and onError told", async () => {
    const errors: unknown[] = [];
    const server = await startUpgrader({ onError: (error) => errors.push(error) });
    server.http.removeAllListeners("upgrade");
    server.http.on("upgrade", (request, socket, head) => {
      server.upgrader.serve(request, socket, head, { mesage: () => {} } as never);
    });
    const peer = await RawPeer.join(server.port);
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    expect(errors).toMatchObject([{ message: expect.stringContaining('"mesage"') as string }]);
  });
});

describe("an endpoint that is a function", () => {
  test("and returns a promise owns the connection: it is closed with 1000 when the promise resolves", async () => {
    const { peer, connection, errors } = await join(async (socket) => {
      await socket.send(`you said ${String(await socket.receive())}`);
    });
    peer.say("hello");
    expect(await peer.hear()).toEqual({ text: "you said hello" });
    expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
    peer.close(1000);
    await peer.leave();
    expect(await connection.closed).toMatchObject({ code: 1000, by: "us", clean: true });
    expect(errors).toEqual([]);
  });

  test("and whose promise rejects has it closed with 1011, and onError told", async () => {
    const { peer, connection, errors } = await join(() => Promise.reject(new Error("oh")));
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    expect(await connection.closed).toMatchObject({ code: 1011, by: "us", error: { code: "handler-failed" } });
    expect(errors).toEqual([[new Error("oh"), connection]]);
  });

  test("and that throws has it closed with 1011, and onError told", async () => {
    const { peer, connection, errors } = await join(() => {
      throw new Error("oh");
    });
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    expect(errors).toEqual([[new Error("oh"), connection]]);
  });

  test("and returns nothing leaves it open", async () => {
    const { peer, connection } = await join((socket) => {
      void socket.send("welcome");
    });
    expect(await peer.hear()).toEqual({ text: "welcome" });
    await nextTurn();
    expect(connection.state).toBe("open");
  });

  test("and hands over to a handler leaves it open when its promise resolves", async () => {
    const { peer, connection } = await join(async (socket) => {
      await nextTurn();
      socket.handle({ message: (each, message) => each.write(message) });
    });
    peer.say("echo");
    expect(await peer.hear()).toEqual({ text: "echo" });
    expect(connection.state).toBe("open");
  });

  test("and closes by itself has its own code stand", async () => {
    const { peer, connection } = await join(async (socket) => {
      void socket.close(4000, "mine");
      await Promise.resolve();
    });
    expect(await peer.hear()).toEqual({ close: 4000, reason: "mine" });
    peer.close(4000);
    await peer.leave();
    expect(await connection.closed).toMatchObject({ code: 4000, clean: true });
  });

  test("and whose loop ends since the peer has left is done, and that was clean", async () => {
    const { peer, connection, errors } = await join(async (socket) => {
      for await (const message of socket) await socket.send(message);
    });
    peer.say("a");
    expect(await peer.hear()).toEqual({ text: "a" });
    peer.close(4000);
    await peer.leave();
    expect(await connection.closed).toMatchObject({ code: 4000, by: "peer", clean: true });
    expect(errors).toEqual([]);
  });

  test.each(["close", "reset"] as const)(
    "and whose send fails since the peer has left (by a %s) is not reported as an error",
    async (leave) => {
      const gate = defer<void>();
      const done = defer<unknown>();
      const { peer, connection, errors } = await join(async (socket) => {
        await gate.promise;
        await socket.send("too late").catch((error: unknown) => {
          done.resolve(error);
          throw error;
        });
      });
      if (leave === "close") peer.close(1000);
      else peer.raw.reset();
      peer.raw.end();
      await connection.closed;
      gate.resolve();
      expect(await done.promise).toMatchObject({ code: "not-open" });
      await nextTurn();
      expect(errors).toEqual([]);
      expect((await connection.closed).error?.code).not.toBe("handler-failed");
    },
  );

  test("and that fails for another reason after the peer has left is reported", async () => {
    const gate = defer<void>();
    const { peer, connection, errors } = await join(() => gate.promise.then(() => Promise.reject(new Error("oh"))));
    peer.raw.reset();
    await connection.closed;
    gate.resolve();
    await until(() => errors.length > 0);
    expect(errors).toEqual([[new Error("oh"), connection]]);
  });

  test("and throws a refusal of its own reading twice is reported: that is a bug in it", async () => {
    const { peer, errors } = await join(async (socket) => {
      await Promise.all([socket.receive(), socket.receive()]);
    });
    expect(await peer.leave()).toEqual([{ close: 1011, reason: "" }]);
    expect(errors).toMatchObject([[{ code: "already-reading" }, {}]]);
  });

  test("gets the first messages however late it reads", async () => {
    const { peer } = await join(async (socket) => {
      await nextTurn();
      await nextTurn();
      for await (const message of socket) await socket.send(`re: ${String(message)}`);
    });
    peer.say("a", "b");
    expect([await peer.hear(), await peer.hear()]).toEqual([{ text: "re: a" }, { text: "re: b" }]);
  });
});

describe("an endpoint that is a handler object", () => {
  test("is told of the whole life of each connection", async () => {
    const infos: CloseInfo[] = [];
    const { peer, connection } = await join({
      open: (socket) => socket.write("welcome"),
      message: (socket, message) => socket.write(message),
      close: (_, info) => infos.push(info),
    });
    peer.say("a");
    peer.close(4000);
    expect(await peer.leave()).toEqual([{ text: "welcome" }, { text: "a" }, { close: 4000, reason: "" }]);
    expect(infos).toEqual([await connection.closed]);
  });

  test("may be an object of a class, whose methods are called with nothing bound away", async () => {
    class Greeter {
      readonly #greeting = "hello from a class";

      message(socket: Connection<undefined>): void {
        socket.write(this.#greeting);
      }
    }
    const { peer } = await join(new Greeter());
    peer.say("a");
    expect(await peer.hear()).toEqual({ text: "hello from a class" });
  });
});

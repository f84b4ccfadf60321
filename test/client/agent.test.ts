import { Agent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import { connect as connectTcp } from "node:net";
import { describe, expect, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { connect } from "../../src/client/index.js";
import { switching } from "../support/handshake-answer.js";
import { RawServer } from "../support/raw-server.js";
import { connectInVain } from "./support/failed-connect.js";

const certificate = await createSelfSigned(undefined);
const refusal = "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno";

describe("connect() with an agent of node:http", () => {
  test("has it open the socket, and takes the socket from it", async () => {
    const server = await RawServer.start();
    const agent = new Agent({ keepAlive: true, timeout: 50 });
    const connecting = connect(server.url, { agent });
    (await server.visitor()).accept();
    const connection = await connecting;
    expect(agent).toMatchObject({ sockets: {}, freeSockets: {} });
    agent.destroy();
    expect(connection.state).toBe("open");
    expect(connection.remote).toBe(`127.0.0.1:${server.port}`);
  });

  test("speaks wss through one of node:https, with the options of tls", async () => {
    const server = await RawServer.start({ tls: certificate });
    const agent = new SecureAgent();
    const connecting = connect(server.url, { agent, tls: { ca: certificate.cert } });
    const peer = (await server.visitor()).accept();
    await (await connecting).send("hello");
    expect(await peer.hear()).toEqual({ text: "hello" });
    expect(await connectInVain(server.url, { agent })).toMatchObject({ code: "tls-failed" });
  });

  test("leaves it a socket whose answer was read to the end, and destroys another", async () => {
    const server = await RawServer.start();
    const agent = new Agent({ keepAlive: true });
    const failing = connectInVain(server.url, { agent });
    const first = await server.visitor();
    first.raw.write(refusal);
    expect((await failing).code).toBe("http-status");

    const connecting = connect(server.url, { agent });
    const request = await first.raw.take((bytes) =>
      bytes.includes("\r\n\r\n") ? { value: bytes.toString(), size: bytes.length } : undefined,
    );
    const key = /^Sec-WebSocket-Key: (.*)$/m.exec(request!)![1]!.trim();
    const headers = { "sec-websocket-key": key };
    first.raw.write(switching({ method: "GET", target: "/", version: "1.1", headers, names: [] }));
    expect((await connecting).state).toBe("open");
    expect(server.sockets).toHaveLength(1);

    const broken = connectInVain(server.url, { agent });
    const second = await server.visitor();
    second.raw.write("HTTP/1.1 503 No\r\n\r\n" + "x".repeat(100_000));
    expect((await broken).code).toBe("http-status");
    await second.raw.ended;
    agent.destroy();
  });

  test("rejects with what the agent's socket failed for", async () => {
    expect(await connectInVain("ws://127.0.0.1:1/", { agent: new Agent() })).toMatchObject({
      code: "connection-refused",
    });
    class NoProxy extends Agent {
      override createConnection(): never {
        throw new Error("no proxy");
      }
    }
    const failure: unknown = await connect("ws://127.0.0.1:1/", { agent: new NoProxy() }).catch(
      (error: unknown) => error,
    );
    expect((failure as Error).message).toContain("no proxy");
  });

  test("is told where to go, so that a proxy can be in between", async () => {
    const server = await RawServer.start();
    class Proxy extends Agent {
      override createConnection(options: { host?: string; port?: number }): ReturnType<typeof connectTcp> {
        asked.push(`${options.host}:${options.port}`);
        return connectTcp(server.port, "127.0.0.1");
      }
    }
    const asked: string[] = [];
    const connecting = connect("ws://example.com:8080/", { agent: new Proxy() });
    (await server.visitor()).accept();
    await connecting;
    expect(asked).toEqual(["example.com:8080"]);
  });

  test("of the wrong scheme rejects with a TypeError that names it", async () => {
    await expect(connect("wss://example.com/", { agent: new Agent() })).rejects.toThrow(TypeError);
    await expect(connect("wss://example.com/", { agent: new Agent() })).rejects.toThrow("option agent was refused");
  });
});

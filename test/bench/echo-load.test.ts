import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { EchoLoad } from "../../bench/src/generator/echo-load.js";
import type { EchoShape } from "../../bench/src/generator/settings.js";

interface NamedShape extends EchoShape {
  readonly id: string;
}

const small: NamedShape = {
  id: "small",
  payload: "ascii",
  payloadBytes: 64,
  connections: 3,
  inFlight: 4,
};
const large: NamedShape = { ...small, id: "large", payload: "binary", payloadBytes: 300_000, inFlight: 1 };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** A ws server whose answer to a message is up to the test; gives its port. */
async function serverThat(answers: (socket: WebSocket, data: Buffer, isBinary: boolean) => void): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
  server.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => answers(socket, data as Buffer, isBinary));
  });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function openLoad(workload: EchoShape, port: number): Promise<EchoLoad> {
  const load = new EchoLoad(workload);
  cleanUps.push(() => load.close());
  await load.open({ port, path: "/echo" });
  return load;
}

describe("EchoLoad", () => {
  it.each([small, large])("counts exactly what an honest server answered: $id", async (workload) => {
    let answered = 0;
    const port = await serverThat((socket, data, isBinary) => {
      answered++;
      socket.send(data, { binary: isBinary });
    });
    const load = await openLoad(workload, port);
    const first = await load.run(40);
    const second = await load.run(40);

    expect(first.messages).toBeGreaterThanOrEqual(workload.connections * workload.inFlight);
    expect(first.messages + second.messages).toBe(answered);
    expect(first.elapsedMs).toBeGreaterThanOrEqual(35);
  });

  it("compares whole contents now and then", async () => {
    const port = await serverThat((socket, data, isBinary) => socket.send(data, { binary: isBinary }));
    const load = await openLoad(small, port);
    let report = await load.run(20);
    while (report.comparedMessages === 0) report = await load.run(20);
    expect(report.comparedMessages).toBeLessThan(report.messages);
  });

  it.each<[string, (socket: WebSocket, data: Buffer) => void]>([
    ["shortens a reply", (socket, data) => socket.send(data.subarray(1), { binary: false })],
    ["changes the kind of a reply", (socket, data) => socket.send(data, { binary: true })],
    ["changes the contents of every reply", (socket) => socket.send("x".repeat(64))],
    ["closes instead of answering", (socket) => socket.terminate()],
  ])("fails when the server %s", async (_, answers) => {
    const load = await openLoad(small, await serverThat(answers));
    await expect(load.run(5000)).rejects.toThrow(/reply|closed|ECONNRESET/);
  });

  it("fails when the server answers more than it was asked", async () => {
    const port = await serverThat((socket, data) => {
      socket.send(data, { binary: false });
      socket.send(data, { binary: false });
    });
    const load = await openLoad({ ...small, inFlight: 1 }, port);
    await expect(load.run(5000)).rejects.toThrow();
  });

  it("says what a server that refuses the upgrade answered", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 404 Not Found\r\n\r\n")).listen(0, "127.0.0.1");
    cleanUps.push(() => server.close());
    await once(server, "listening");
    const opening = openLoad(small, (server.address() as AddressInfo).port);
    await expect(opening).rejects.toThrow("404 Not Found");
  });
});

import { once } from "node:events";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { type ConnectionOptions, createServer as createSecureServer, type TlsOptions, type TLSSocket } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { connect } from "../../src/client/index.js";
import { listening } from "../support/listening.js";
import { RawServer } from "../support/raw-server.js";
import { connectInVain } from "./support/failed-connect.js";

const certificate = await createSelfSigned("box.example");
const tls = { ca: certificate.cert };
const echo = {
  "/": { message: (socket: { write(message: unknown): boolean }, message: unknown) => socket.write(message) },
};

/** What a TLS server saw of a client's hello, after which the client leaves. */
async function helloTo(url: string, options: TlsOptions = {}, asked: ConnectionOptions = {}): Promise<TLSSocket> {
  const server = createSecureServer({ ...certificate, ...options }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const arrived = once(server, "secureConnection") as Promise<[TLSSocket]>;
  const { port } = server.address() as AddressInfo;
  const failing = connectInVain(url, {
    tls: { ...asked, rejectUnauthorized: false },
    dial: () => connectTcp(port, "127.0.0.1"),
  });
  const [socket] = await arrived;
  socket.destroy();
  await failing;
  return socket;
}

/** A TCP server that is not spoken to by TLS: what it does to each client. */
async function plainServer(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    onSocket(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("connect() to wss", () => {
  test.each(["localhost", "127.0.0.1"])("trusts the authority given, at %s", async (host) => {
    const { port } = await listening({ routes: echo, tls: certificate });
    const connection = await connect(`wss://${host}:${port}/`, { tls });
    await connection.send("hello");
    expect(await connection.receive()).toBe("hello");
    expect((await connection.close()).clean).toBe(true);
  });

  test("trusts nobody that it does not know", async () => {
    const { port } = await listening({ routes: echo, tls: certificate });
    const error = await connectInVain(`wss://127.0.0.1:${port}/`);
    expect(error).toMatchObject({ code: "tls-failed", cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
    expect(error.message).toContain("the TLS handshake failed: self-signed certificate");
  });

  test("trusts nobody of another name", async () => {
    const { port } = await listening({ routes: echo, tls: certificate });
    const options = { tls, dial: () => connectTcp(port, "127.0.0.1") };
    for (const host of ["other.example", "192.0.2.1"]) {
      const error = await connectInVain(`wss://${host}/`, options);
      expect(error).toMatchObject({ code: "tls-failed", cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" } });
    }
    await (await connect("wss://box.example/", options)).close();
  });

  test("trusts anybody when it is told so", async () => {
    const { port } = await listening({ routes: echo, tls: certificate });
    await (await connect(`wss://127.0.0.1:${port}/`, { tls: { rejectUnauthorized: false } })).close();
  });

  test("shows the certificate that it is given", async () => {
    const other = await createSelfSigned(undefined);
    const server = await RawServer.start({ tls: { ...certificate, requestCert: true, rejectUnauthorized: false } });
    const connecting = connect(server.url, { tls: { ...tls, ...other } });
    const visitor = await server.visitor();
    expect(visitor.raw.hasPeerCertificate).toBe(true);
    visitor.accept();
    await connecting;
  });

  test("RFC 6455 §4.1 (5): names the host in the TLS handshake (SNI), but never an address", async () => {
    // Node's types lack the name on the server's side.
    const nameOf = async (url: string): Promise<unknown> =>
      ((await helloTo(url)) as { servername?: unknown }).servername;
    expect(await nameOf("wss://box.example:8443/")).toBe("box.example");
    expect(await nameOf("wss://127.0.0.1/")).toBe(false);
    expect(await nameOf("wss://[::1]/")).toBe(false);
  });

  test("takes an option of tls that is undefined for one that is not there", async () => {
    const asked = { servername: undefined, ALPNProtocols: undefined };
    const socket = await helloTo("wss://box.example/", { ALPNProtocols: ["http/1.1"] }, asked);
    expect(socket).toMatchObject({ servername: "box.example", alpnProtocol: "http/1.1" });
  });

  test("RFC 7301: asks for HTTP/1.1, which is what it then speaks", async () => {
    expect((await helloTo("wss://box.example/", { ALPNProtocols: ["h2", "http/1.1"] })).alpnProtocol).toBe("http/1.1");
  });
});

describe("connect() rejects", () => {
  test("with tls-failed when the server speaks plain HTTP", async () => {
    const { port } = await listening({ routes: echo });
    const error = await connectInVain(`wss://127.0.0.1:${port}/`);
    expect(error.code).toBe("tls-failed");
    expect(error.message).toContain("wrong version number; check that the port speaks TLS");
  });

  test.each([
    ["resets", (socket: Socket) => socket.resetAndDestroy()],
    ["ends", (socket: Socket) => socket.end()],
  ])("with tls-failed when the server %s during the TLS handshake", async (_, act) => {
    const port = await plainServer((socket) => socket.once("data", () => act(socket)));
    expect(await connectInVain(`wss://127.0.0.1:${port}/`)).toMatchObject({ code: "tls-failed" });
  });

  test("with tls-failed when there is no version of TLS in common", async () => {
    const { port } = await listening({ routes: echo, tls: { ...certificate, minVersion: "TLSv1.3" } });
    const options = { tls: { ...tls, maxVersion: "TLSv1.2" } as const };
    expect(await connectInVain(`wss://127.0.0.1:${port}/`, options)).toMatchObject({ code: "tls-failed" });
  });

  test("when it speaks plain HTTP to a server that speaks TLS, and says what that takes", async () => {
    const server = createSecureServer(certificate).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const error = await connectInVain(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(error.code).toBe("closed"); // so Node's servers end it; others send an alert, which is malformed-http
    expect(error.message).toContain("a port that speaks TLS needs wss");
  });
});

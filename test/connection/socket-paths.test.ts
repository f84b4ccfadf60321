import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { canShareReadBuffer } from "../../src/connection/index.js";
import { meet } from "../support/meeting.js";
import { binary, RawPeer } from "../support/raw-peer.js";
import { withoutDirectWrites } from "../support/socket-handle.js";
import type { UpgradeServerSetup } from "../support/upgrade-server.js";
import { connectionContract } from "./connection-contract.js";

const certificate = await createSelfSigned(undefined);

/** A duplex that is no `net.Socket`, as other transports are, on top of one. */
const disguise: UpgradeServerSetup = { wrap: (socket) => Duplex.from({ readable: socket, writable: socket }) };

describe("a connection on a TCP socket, which reads into the shared buffer and is written to past its stream", () => {
  connectionContract((options, join) => meet(options, join));
});

describe("a connection on a TCP socket that is written to by its stream", () => {
  connectionContract((options, join) => meet(options, join, { wrap: withoutDirectWrites }));
});

describe("a connection on the handle of a TCP socket, without the socket", () => {
  connectionContract((options, join) => meet(options, join, { bare: true }));
});

describe("a connection on a TLS socket", () => {
  connectionContract((options, join) =>
    meet(options, { ...join, tls: true }, { http: createSecureServer(certificate) }),
  );
});

describe("a connection on a duplex that is no socket, read by its data events", () => {
  connectionContract((options, join) => meet(options, join, disguise));
});

describe("readBufferSize", () => {
  test("is the size of the one buffer that the sockets of all connections read into", async () => {
    expect(canShareReadBuffer).toBe(true); // or this runtime has moved what ReadBuffer looks for
    const { server } = await meet({ readBufferSize: 4096 });
    await RawPeer.join(server.port);
    await server.accepted();
    const [first, second] = server.sockets.map(readBufferOf);
    expect(first?.byteLength).toBe(4096);
    expect(second).toBe(first);
  });

  test("is the most that one read takes: a long message comes in as many pieces", async () => {
    const { peer, connection, server } = await meet({ readBufferSize: 4096 });
    const socket = server.sockets[0] as Socket;
    const key = Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === "kBufferCb") as symbol;
    const parts = socket as unknown as Record<symbol, (length: number, buffer: Uint8Array) => boolean>;
    const onRead = vi.spyOn(parts, key);
    peer.send(binary(new Uint8Array(40_000)));
    expect(await connection.receive()).toEqual(new Uint8Array(40_000));
    const sizes = onRead.mock.calls.map(([length]) => length);
    expect(Math.max(...sizes)).toBe(4096);
    expect(sizes.length).toBeGreaterThanOrEqual(10);
  });
});

/** The buffer that the kernel reads into for `socket`, where that is not Node's own. */
function readBufferOf(socket: Duplex): Uint8Array | undefined {
  const key = Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === "kBuffer") as symbol;
  const buffer = (socket as unknown as Record<symbol, unknown>)[key];
  return buffer instanceof Uint8Array ? buffer : undefined;
}

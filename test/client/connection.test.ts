import { connect as connectTcp } from "node:net";
import { describe } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { connect, type ConnectOptions } from "../../src/client/index.js";
import { connectionContract, type Meet } from "../connection/connection-contract.js";
import { disguise } from "../support/disguise.js";
import { RawServer } from "../support/raw-server.js";
import { frameBytes } from "../protocol/support/frame-bytes.js";
import type { TLSSocketOptions } from "node:tls";

const certificate = await createSelfSigned(undefined);

/** Has a client of ours come to a server made of bytes. */
function meetAsClient(own: ConnectOptions = {}, tls?: TLSSocketOptions): Meet {
  return async (options = {}, { together = [] } = {}) => {
    const server = await RawServer.start(tls === undefined ? {} : { tls });
    const connecting = connect(server.url, { ...options, ...own });
    const visitor = await server.visitor();
    const peer = visitor.accept({}, ...together.map(frameBytes));
    return { peer, connection: await connecting };
  };
}

describe("a client's connection on a TCP socket, which reads into the shared buffer", () => {
  connectionContract(meetAsClient());
});

describe("a client's connection on a TLS socket", () => {
  connectionContract(meetAsClient({ tls: { ca: certificate.cert } }, certificate));
});

describe("a client's connection on a duplex that is no socket, read by its data events", () => {
  const dial: ConnectOptions["dial"] = (url) => {
    const socket = connectTcp({ host: url.hostname, port: Number(url.port), allowHalfOpen: true });
    return disguise(socket);
  };
  connectionContract(meetAsClient({ dial }));
});

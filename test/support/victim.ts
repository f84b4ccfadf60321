import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect } from "../../src/client/index.js";
import type { Connection, ConnectionOptions } from "../../src/connection/index.js";
import { disguise } from "./disguise.js";
import { meet } from "./meeting.js";
import type { RawPeer } from "./raw-peer.js";
import { RawServer } from "./raw-server.js";
import { nextTurn, until } from "./turns.js";

/** A connection of ours, over a real socket, and the peer made of bytes that attacks it. */
export class Victim {
  readonly connection: Connection<undefined>;
  readonly peer: RawPeer;
  readonly #socket: Socket;

  /** @param socket ours */
  constructor(connection: Connection<undefined>, peer: RawPeer, socket: Socket) {
    this.connection = connection;
    this.peer = peer;
    this.#socket = socket;
  }

  /** Resolves when everything that the peer has sent was read, or the connection is gone. */
  async hasReadAll(): Promise<void> {
    const { socket } = this.peer.raw;
    await until(() => this.#socket.bytesRead >= socket.bytesWritten || this.#socket.destroyed);
  }

  /**
   * Has the peer send `bytes` again and again until no more of them is taken; gives how many it got rid of. Rejects when everything is
   * taken for ever.
   */
  async stuffWith(bytes: Uint8Array, atMost: number): Promise<number> {
    const { socket } = this.peer.raw;
    let sent = 0;
    for (let idleTurns = 0; idleTurns < 200; idleTurns++) {
      if (socket.writableLength === 0) {
        if (sent > atMost) throw new Error(`${sent} bytes were taken, and more would be`);
        socket.write(bytes);
        sent += bytes.length;
        idleTurns = 0;
      }
      await nextTurn();
    }
    return sent;
  }
}

/** Has a connection of one kind meet its attacker. */
export type MeetVictim = (options?: ConnectionOptions) => Promise<Victim>;

const offer = { headers: { "Sec-WebSocket-Extensions": "permessage-deflate" } };
const compression = { thresholdBytes: 0 };

function serverOf(own: ConnectionOptions, wrap?: (socket: Duplex) => Duplex): MeetVictim {
  return async (options) => {
    const join = own.compression === undefined ? {} : offer;
    const { server, peer, connection } = await meet({ ...own, ...options }, join, wrap === undefined ? {} : { wrap });
    return new Victim(connection, peer, server.sockets[0] as Socket);
  };
}

function clientOf(own: ConnectionOptions): MeetVictim {
  return async (options) => {
    const server = await RawServer.start();
    const socket = connectTcp({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    const connecting = connect(server.url, { ...own, ...options, dial: () => socket });
    const visitor = await server.visitor();
    const peer = visitor.accept(own.compression === undefined ? {} : offer);
    return new Victim(await connecting, peer, socket);
  };
}

/** Connections of both roles, and of both ways to read. */
export const victims: Readonly<Record<string, MeetVictim>> = {
  "a server": serverOf({}),
  "a server that reads by data events": serverOf({}, (socket) => disguise(socket as Socket)),
  "a client": clientOf({}),
};

/** The same where compression was agreed on. */
export const compressingVictims: Readonly<Record<string, MeetVictim>> = {
  "a server": serverOf({ compression }),
  "a client": clientOf({ compression }),
};

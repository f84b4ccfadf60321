import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished } from "vitest";
import {
  Connection,
  type ConnectionOptions,
  MaskKeys,
  ReadBuffer,
  resolveConnectionOptions,
  TimerWheel,
  WriteSlabPool,
} from "../../src/connection/index.js";
import { FakeClock } from "./fake-clock.js";
import { RawPeer } from "./raw-peer.js";
import { RawSocket } from "./raw-socket.js";

/** Both ends of one connection, of which ours goes by a clock that the test moves. */
export interface ClockedMeeting {
  readonly clock: FakeClock;
  readonly peer: RawPeer;
  readonly connection: Connection;
  /** Our socket. */
  readonly socket: Socket;
}

const details = { remote: "", local: "", subprotocol: "", url: "/", headers: {}, data: undefined };

/** Meets over a real socket, past the opening handshake. */
export async function meetOnClock(
  options: ConnectionOptions = {},
  role: "server" | "client" = "server",
  clock: FakeClock = new FakeClock(),
): Promise<ClockedMeeting> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const raw = await RawSocket.connect((server.address() as AddressInfo).port);
  const [socket] = await accepted;
  socket.on("error", () => {}); // before the connection listens, a reset is nobody's
  const errors: unknown[] = [];
  const setup = {
    socket,
    options: resolveConnectionOptions(options),
    readBuffer: new ReadBuffer(64 * 1024),
    writeSlabs: new WriteSlabPool(64 * 1024),
    maskKeys: role === "client" ? new MaskKeys() : undefined,
    timers: timersOf(clock),
  };
  const connection = new Connection(setup, details, (error) => errors.push(error), Buffer.alloc(0));
  onTestFinished(async () => {
    connection.terminate();
    await connection.closed;
    const closed = once(server, "close");
    server.close();
    await closed;
    expect(errors).toEqual([]);
  });
  return { clock, peer: new RawPeer(raw), connection, socket };
}

const wheels = new WeakMap<FakeClock, TimerWheel>();

/** The wheel that turns by `clock`: a clock turns one. */
export function timersOf(clock: FakeClock): TimerWheel {
  const timers = wheels.get(clock) ?? new TimerWheel(clock);
  wheels.set(clock, timers);
  return timers;
}

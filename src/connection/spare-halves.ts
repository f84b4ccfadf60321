import type { Guard } from "./guard.js";
import { Inbound, type InboundOwner } from "./inbound.js";
import { Outbox, type OutboxOwner, type OutboxSetup } from "./outbox.js";
import type { Reader } from "./reader.js";
import type { Transport } from "./transport.js";

/** Kept of each half. One serves any number of connections that take turns. */
const MOST = 64;
/** With more than so many in use they are no longer in the processor's caches when the next message comes: measured (echo-64B-1 with 600, 1,000, 8,000 connections). */
const MANY = 512;

/**
 * The receiving and sending halves that connections at rest have left to those that are not. What a connection is between two messages is
 * little: halves of its own took 1.1 of the 2.6 kB of V8's heap that an idle one took (the workload "idle"), and are cold when its next
 * message comes.
 *
 * Only for connections of servers, on bare sockets, which tell of what comes in a turn of its own; without compression, observers and
 * limits of rate, which keep more.
 *
 * @internal
 */
export class SpareHalves {
  readonly #setup: Omit<OutboxSetup, "socket">;
  readonly #inbounds: Inbound[] = [];
  readonly #outboxes: Outbox[] = [];
  /** Receiving halves that connections have. */
  #inUse = 0;

  /** @param setup what all the connections have alike */
  constructor(setup: Omit<OutboxSetup, "socket">) {
    this.#setup = setup;
  }

  /** Whether so many are in use that one should be left as soon as it has nothing to do. */
  get areScarce(): boolean {
    return this.#inUse > MANY;
  }

  /** A receiving half for `owner`. */
  inbound(socket: Transport, owner: InboundOwner, reader: Reader, guard: Guard): Inbound {
    this.#inUse++;
    const inbound = this.#inbounds.pop();
    if (inbound === undefined) return new Inbound({ ...this.#setup, socket }, "server", guard, reader, owner);
    inbound.serve(owner, reader, guard);
    return inbound;
  }

  /** A sending half for `owner`. */
  outbox(socket: Transport, owner: OutboxOwner, guard: Guard): Outbox {
    const outbox = this.#outboxes.pop();
    if (outbox === undefined) return new Outbox({ ...this.#setup, socket }, owner, guard);
    outbox.serve(socket, owner, guard);
    return outbox;
  }

  /** A connection has ended, and keeps its halves for what is left to be read. */
  giveUp(): void {
    this.#inUse--;
  }

  /** Takes them back, both at rest. */
  takeBack(inbound: Inbound | undefined, outbox: Outbox | undefined): void {
    if (inbound !== undefined) this.#inUse--;
    if (inbound !== undefined && this.#inbounds.length < MOST) {
      inbound.leave();
      this.#inbounds.push(inbound);
    }
    if (outbox !== undefined && this.#outboxes.length < MOST) {
      outbox.leave();
      this.#outboxes.push(outbox);
    }
  }
}

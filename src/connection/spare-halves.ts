import type { Guard } from "./guard.js";
import { Inbound, type InboundOwner, type InboundSetup } from "./inbound.js";
import { Outbox, type OutboxOwner } from "./outbox.js";
import type { Reader } from "./reader.js";
import type { Transport } from "./transport.js";

/** Kept of each half. One serves any number of connections that take turns. */
const MOST = 64;
/**
 * The halves of more connections than so many are no longer in the processor's caches when the next message comes: measured (echo-64B-1 with
 * 192, 400, 1,000, 4,000 connections).
 */
const MANY = 512;

/**
 * The receiving and sending halves that connections at rest have left to those that are not. What a connection is between two messages is
 * little: halves of its own took 1.1 of the 2.6 kB of V8's heap that an idle one took (the workload "idle"), and are cold when its next
 * message comes, where those that another has just left are in the processor's caches.
 *
 * Only for connections of servers, on bare sockets, which tell of what comes in a turn of its own; without compression, observers and
 * limits of rate, which keep more.
 *
 * @internal
 */
export class SpareHalves {
  readonly #setup: InboundSetup;
  readonly #inbounds: Shelf<Inbound> = new Shelf();
  readonly #outboxes: Shelf<Outbox> = new Shelf();
  #connections = 0;

  /** @param setup what all the connections have alike */
  constructor(setup: InboundSetup) {
    this.#setup = setup;
  }

  /** One more connection takes from here. */
  enter(): void {
    this.#connections++;
  }

  /** It is gone, and keeps what it has for what is left to be read. */
  leave(): void {
    this.#connections--;
  }

  /** Whether so many do that one should leave its halves as soon as it has nothing to do. */
  get serveMany(): boolean {
    return this.#connections > MANY;
  }

  /** A receiving half for `owner`. */
  inbound(owner: InboundOwner, reader: Reader, guard: Guard): Inbound {
    const inbound = this.#inbounds.take();
    if (inbound === undefined) return new Inbound(this.#setup, "server", guard, reader, owner);
    inbound.serve(owner, reader, guard);
    return inbound;
  }

  /** A sending half for `owner`. */
  outbox(socket: Transport, owner: OutboxOwner, guard: Guard): Outbox {
    const outbox = this.#outboxes.take();
    if (outbox === undefined) return new Outbox(socket, this.#setup, owner, guard);
    outbox.serve(socket, owner, guard);
    return outbox;
  }

  /** Takes them back, both at rest. */
  takeBack(inbound: Inbound | undefined, outbox: Outbox | undefined): void {
    if (inbound !== undefined) this.#inbounds.put(inbound);
    if (outbox !== undefined) this.#outboxes.put(outbox);
  }
}

/** Halves of one kind. */
class Shelf<Half extends { leave(): void }> {
  /**
   * The one that was left last, and is nearly always taken next. It knows still by whom it was left: nobody who is gone, for every connection
   * takes some to end with.
   */
  #latest: Half | undefined;
  readonly #others: Half[] = [];

  take(): Half | undefined {
    const half = this.#latest ?? this.#others.pop();
    this.#latest = undefined;
    return half;
  }

  put(half: Half): void {
    const latest = this.#latest;
    this.#latest = half;
    if (latest === undefined || this.#others.length >= MOST) return;
    latest.leave();
    this.#others.push(latest);
  }
}

import { RingPlace } from "./ring.js";

/** Where an item stands in a roster. */
export class RosterPlace<T> extends RingPlace {
  readonly roster: Roster<T>;
  readonly item: T;
  /** Later places have higher ones. */
  readonly number: number;

  constructor(roster: Roster<T>, item: T, number: number) {
    super();
    this.roster = roster;
    this.item = item;
    this.number = number;
  }
}

/**
 * Who is there, where many come and go, in the order in which they came.
 *
 * A `Set` or a `WeakMap` would keep those that have left from being collected: it moves to a new table every so often and leaves the old
 * one, with all that was in it, for V8's next major collection. With sets for the connections and the sockets of a server 3.9 kB of each
 * handshake grew old and collecting garbage took 75 µs of it, without 1.2 kB and 22 µs (the workload "handshakes").
 */
export class Roster<T> {
  readonly #ring: RingPlace = new RingPlace();
  #size = 0;
  #count = 0;

  get size(): number {
    return this.#size;
  }

  /** Gives `item` the last place. */
  add(item: T): RosterPlace<T> {
    const place = new RosterPlace(this, item, this.#count++);
    place.insertBefore(this.#ring);
    this.#size++;
    return place;
  }

  /** Takes out what stands at `place`, if it is there still. */
  delete(place: RosterPlace<T>): void {
    if (!this.has(place)) return;
    place.leave();
    this.#size--;
  }

  /** Whether what was given `place` is there. */
  has(place: RosterPlace<T>): boolean {
    return place.roster === this && place.isLinked;
  }

  /** Who is there; meanwhile others may come, which are then seen too, and leave, which are not. */
  *[Symbol.iterator](): Generator<T, undefined> {
    let place = this.#ring.next as RosterPlace<T>;
    while (place !== this.#ring) {
      yield place.item;
      place = place.isLinked ? (place.next as RosterPlace<T>) : this.#firstAfter(place.number);
    }
    return undefined;
  }

  /** Where one who has left would be followed. */
  #firstAfter(number: number): RosterPlace<T> {
    let place = this.#ring.next as RosterPlace<T>;
    while (place !== this.#ring && place.number < number) place = place.next as RosterPlace<T>;
    return place;
  }
}

import { RingPlace } from "./ring.js";

/**
 * Who can be in a roster: in one at a time. To be in it takes nothing beside the member itself. Four classes extend it: a fifth would want its
 * fields assigned, as those of `RingPlace` are.
 */
export abstract class RosterMember extends RingPlace {
  /** The roster's: the one that it was last added to. */
  roster: unknown;
  /** The roster's: later members have higher ones. */
  rosterNumber = 0;
}

/**
 * Who is there, where many come and go, in the order in which they came.
 *
 * A `Set` or a `WeakMap` would keep those that have left from being collected: it moves to a new table every so often and leaves the old
 * one, with all that was in it, for V8's next major collection. With sets for the connections and the sockets of a server 3.9 kB of each
 * handshake grew old and collecting garbage took 75 µs of it, without 1.2 kB and 22 µs (the workload "handshakes").
 */
export class Roster<Member extends RosterMember> {
  readonly #ring: RingPlace = new RingPlace();
  #size = 0;
  #count = 0;

  get size(): number {
    return this.#size;
  }

  /** Gives `member`, who is in no roster, the last place. */
  add(member: Member): void {
    member.roster = this;
    member.rosterNumber = this.#count++;
    member.insertBefore(this.#ring);
    this.#size++;
  }

  /** Takes `member` out, if it is there. */
  delete(member: Member): void {
    if (!this.has(member)) return;
    member.leave();
    this.#size--;
  }

  has(member: Member): boolean {
    return member.roster === this && member.isLinked;
  }

  /**
   * Who came next after `member`, who may have left since; without one, who came first. Undefined where there is nobody.
   */
  after(member?: Member): Member | undefined {
    if (member?.isLinked === false) return this.#firstFrom(member.rosterNumber);
    return this.#memberAt((member ?? this.#ring).next);
  }

  /** Who is there; meanwhile others may come, which are then seen too, and leave, which are not. */
  *[Symbol.iterator](): Generator<Member, undefined> {
    for (let member = this.after(); member !== undefined; member = this.after(member)) yield member;
    return undefined;
  }

  #firstFrom(number: number): Member | undefined {
    let place = this.#ring.next;
    while (place !== this.#ring && (place as Member).rosterNumber < number) place = place.next;
    return this.#memberAt(place);
  }

  #memberAt(place: RingPlace): Member | undefined {
    return place === this.#ring ? undefined : (place as Member);
  }
}

/** A place in a ring; alone it is a ring of one. A place that stands for nothing makes a ring of its own, to put others in. */
export class RingPlace {
  /** The place after this one; the place itself when it is alone. */
  declare next: RingPlace;
  /** The place before this one. */
  declare previous: RingPlace;

  /**
   * Assigned here: to define the fields of a class that more than four extend takes V8's runtime each time, which was 2 % of a handshake
   * (profile of the workload "handshakes").
   */
  constructor() {
    this.next = this;
    this.previous = this;
  }

  /** Whether others are in the ring. */
  get isLinked(): boolean {
    return this.next !== this;
  }

  /** Puts this place before another, in that one's ring. */
  insertBefore(place: RingPlace): void {
    this.previous = place.previous;
    this.next = place;
    place.previous.next = this;
    place.previous = this;
  }

  /** Takes this place out of its ring. */
  leave(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this;
    this.previous = this;
  }
}

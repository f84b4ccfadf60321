const words =
  "the quick brown fox jumps over a lazy dog while nobody is looking at what it costs to say so twice".split(" ");

/** A chat's messages: JSON of some 150 bytes, each of its own but much alike. The same for everybody who asks. */
export class ChatMessages {
  #seed = 1;

  next(): string {
    const text = Array.from({ length: 3 + this.#random(12) }, () => this.#pick(words)).join(" ");
    return JSON.stringify({
      type: "message",
      room: `room-${this.#random(20)}`,
      from: this.#pick(["alice", "bob", "carol", "dave", "erin"]),
      at: 1_700_000_000_000 + this.#random(1_000_000_000),
      text,
    });
  }

  #pick(list: readonly string[]): string {
    return list[this.#random(list.length)] as string;
  }

  /** A linear congruential generator: any would do that always gives the same. */
  #random(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return this.#seed % below;
  }
}

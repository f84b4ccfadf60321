import { unmapAddress } from "../connection/index.js";

/** Counts who is in, handshakes under way included, against the limits. */
export class Admission {
  readonly #maxConnections: number;
  readonly #maxPerAddress: number;
  readonly #perAddress = new Map<string, number>();
  #count = 0;

  constructor(maxConnections: number, maxPerAddress: number) {
    this.#maxConnections = maxConnections;
    this.#maxPerAddress = maxPerAddress;
  }

  /** Whether it matters where a client comes from. */
  get countsAddresses(): boolean {
    return this.#maxPerAddress !== Number.POSITIVE_INFINITY;
  }

  /** Lets a client in, which must `leave` later; or says which limit forbids it. */
  enter(address: string): "too-many-connections" | "too-many-connections-from-address" | undefined {
    if (this.#count >= this.#maxConnections) return "too-many-connections";
    if (this.countsAddresses) {
      const source = sourceOf(address);
      const count = this.#perAddress.get(source) ?? 0;
      if (count >= this.#maxPerAddress) return "too-many-connections-from-address";
      this.#perAddress.set(source, count + 1);
    }
    this.#count++;
    return undefined;
  }

  /** The client from `address` has left. */
  leave(address: string): void {
    this.#count--;
    if (!this.countsAddresses) return;
    const source = sourceOf(address);
    const count = this.#perAddress.get(source);
    if (count === undefined) return;
    if (count === 1) this.#perAddress.delete(source);
    else this.#perAddress.set(source, count - 1);
  }
}

/** What counts as one address: an IPv4 address, or the /64 that one IPv6 customer is given (RFC 6177). */
function sourceOf(address: string): string {
  const plain = unmapAddress(address);
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? [] : tail.split(":");
    while (groups.length + rest.length < 8) groups.push("0");
    groups.push(...rest);
  }
  return groups.slice(0, 4).join(":");
}

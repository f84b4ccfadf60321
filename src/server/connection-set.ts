import { type Connection, type Link, linkOf } from "../connection/index.js";
import { Roster } from "../internal/roster.js";

/** What `Set` has beside the members of ES2023, in runtimes that have it. They work on a copy. */
const newerMembers = [
  "union",
  "intersection",
  "difference",
  "symmetricDifference",
  "isSubsetOf",
  "isSupersetOf",
  "isDisjointFrom",
];

/** The open connections of an upgrader: a set to read, on a `Roster` of what they run on, which lets go of those that have left. */
export class ConnectionSet<Data> implements ReadonlySet<Connection<Data>> {
  readonly #roster = new Roster<Link>();

  static {
    for (const name of newerMembers) {
      if (!(name in Set.prototype)) continue;
      const value = function (this: ConnectionSet<unknown>, other: unknown): unknown {
        const copy = new Set(this) as unknown as Record<string, (other: unknown) => unknown>;
        return copy[name]?.(other);
      };
      Object.defineProperty(this.prototype, name, { value, configurable: true, writable: true });
    }
    // For `console.log`.
    Object.defineProperty(this.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: ConnectionSet<unknown>) {
        return new Set(this);
      },
    });
  }

  get [Symbol.toStringTag](): string {
    return "ConnectionSet";
  }

  get size(): number {
    return this.#roster.size;
  }

  add(connection: Connection<Data>): void {
    const link = linkOf(connection);
    if (link !== undefined) this.#roster.add(link);
  }

  /** Takes out the connection of `link`, if it is there. */
  delete(link: Link): void {
    this.#roster.delete(link);
  }

  has(connection: Connection<Data>): boolean {
    const link = linkOf(connection);
    return link !== undefined && this.#roster.has(link);
  }

  forEach<This>(
    visit: (this: This, value: Connection<Data>, key: Connection<Data>, set: ReadonlySet<Connection<Data>>) => void,
    thisValue?: This,
  ): void {
    for (const connection of this) visit.call(thisValue as This, connection, connection, this);
  }

  *[Symbol.iterator](): Generator<Connection<Data>, undefined> {
    const roster = this.#roster;
    for (let link = roster.after(); link !== undefined; link = roster.after(link)) {
      yield link.events.connection as Connection<Data>;
    }
    return undefined;
  }

  keys(): Generator<Connection<Data>, undefined> {
    return this[Symbol.iterator]();
  }

  values(): Generator<Connection<Data>, undefined> {
    return this[Symbol.iterator]();
  }

  *entries(): Generator<[Connection<Data>, Connection<Data>], undefined> {
    for (const connection of this) yield [connection, connection];
    return undefined;
  }
}

import { type Connection, type Link, linkOf } from "../connection/index.js";
import { Roster, type RosterPlace } from "../internal/roster.js";

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

/** The open connections of an upgrader: a set to read, on a `Roster`, which lets go of those that have left. */
export class ConnectionSet<Data> implements ReadonlySet<Connection<Data>> {
  readonly #roster = new Roster<Connection<Data>>();

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
    if (link !== undefined) link.place = this.#roster.add(connection);
  }

  /** Takes out the connection of `link`, if it is there. */
  delete({ place }: Link): void {
    if (place !== undefined) this.#roster.delete(place as RosterPlace<Connection<Data>>);
  }

  has(connection: Connection<Data>): boolean {
    const place = this.#placeOf(connection);
    return place !== undefined && this.#roster.has(place);
  }

  #placeOf(connection: Connection<Data>): RosterPlace<Connection<Data>> | undefined {
    return linkOf(connection)?.place as RosterPlace<Connection<Data>> | undefined;
  }

  forEach<This>(
    visit: (this: This, value: Connection<Data>, key: Connection<Data>, set: ReadonlySet<Connection<Data>>) => void,
    thisValue?: This,
  ): void {
    for (const connection of this) visit.call(thisValue as This, connection, connection, this);
  }

  [Symbol.iterator](): Generator<Connection<Data>, undefined> {
    return this.#roster[Symbol.iterator]();
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

/** Functions by the name of what they are told. */
export class Listeners<Events extends object> {
  readonly #byName = new Map<keyof Events, Set<(value: never) => void>>();

  /** @returns a function that takes the listener back. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const own = (value: Events[Name]): void => listener(value); // the same function twice is two listeners
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners.add(own));
    return () => void listeners.delete(own);
  }

  /** Calls each. One that throws keeps the others from nothing. */
  tell<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of new Set(this.#byName.get(name))) {
      call(() => listener(value as never), undefined);
    }
  }
}

/** What `run` returns, or `otherwise` where it throws: its error is thrown where nobody catches it, as by an event. */
export function call<T>(run: () => T, otherwise: T): T {
  try {
    return run();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
    return otherwise;
  }
}

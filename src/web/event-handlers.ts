type Callback = (this: unknown, event: Event) => unknown;

/** One event handler: what was set, and the listener that calls it. */
interface Slot {
  value: object;
  readonly listener: (event: Event) => void;
}

/**
 * Event handler attributes, `onopen` and the like, as HTML has them (§8.1.8.1): a handler takes the place among the listeners of when
 * it was first set, keeps it when another one replaces it, and loses it by `null`. An object that cannot be called is kept and does
 * nothing; what is no object counts as `null`.
 */
export class EventHandlers {
  readonly #target: EventTarget;
  readonly #slots: Map<string, Slot> = new Map();

  constructor(target: EventTarget) {
    this.#target = target;
  }

  get(type: string): object | null {
    return this.#slots.get(type)?.value ?? null;
  }

  set(type: string, value: unknown): void {
    const slot = this.#slots.get(type);
    if ((typeof value !== "object" && typeof value !== "function") || value === null) {
      if (slot !== undefined) this.#target.removeEventListener(type, slot.listener);
      this.#slots.delete(type);
    } else if (slot === undefined) {
      this.#add(type, value);
    } else {
      slot.value = value;
    }
  }

  #add(type: string, value: object): void {
    const slot: Slot = {
      value,
      listener: (event) => {
        if (typeof slot.value === "function") void (slot.value as Callback).call(this.#target, event);
      },
    };
    this.#slots.set(type, slot);
    this.#target.addEventListener(type, slot.listener);
  }
}

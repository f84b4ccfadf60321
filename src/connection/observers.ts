import { checkCallbacks, describeValue } from "../internal/option-check.js";
import { isThenable } from "../internal/thenable.js";
import type { Observer } from "./observer.js";

const memberNames: Readonly<Record<keyof Observer, true>> = {
  opened: true,
  closed: true,
  failed: true,
  received: true,
  sent: true,
  handled: true,
  roundTrip: true,
  frame: true,
  refused: true,
  connectFailed: true,
};
const allMemberNames: readonly string[] = Object.keys(memberNames);

/** Those that have already failed: each is told of once. */
const failing = new WeakSet<Observer>();

/** The observers of the option, undefined for none. @throws TypeError for what is no observer. */
export function resolveObservers(option: unknown): readonly Observer[] | undefined {
  if (option === undefined) return undefined;
  if (typeof option !== "object" || option === null) {
    throw new TypeError(`option observer got ${describeValue(option)}; it takes an Observer or a list of them`);
  }
  const observers = (Array.isArray(option) ? option : [option]) as readonly unknown[];
  for (const observer of observers) checkCallbacks("observer", observer, allMemberNames);
  return observers.length === 0 ? undefined : Object.freeze([...(observers as readonly Observer[])]);
}

/** Calls `tell` for each observer; what one throws or rejects with harms neither the caller nor the others. */
export function tellObservers(observers: readonly Observer[] | undefined, tell: (observer: Observer) => unknown): void {
  if (observers === undefined) return;
  for (const observer of observers) {
    try {
      const result = tell(observer);
      if (isThenable(result)) result.then(undefined, (error: unknown) => warnOnce(observer, error));
    } catch (error) {
      warnOnce(observer, error);
    }
  }
}

/** Tells of an observer's first failure, as a warning of the process. */
export function warnOnce(observer: Observer, error: unknown): void {
  if (failing.has(observer)) return;
  failing.add(observer);
  process.emitWarning(`a Halyard observer failed and is called all the same: ${describe(error)}`, "HalyardWarning");
}

function describe(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "with something that has no text";
  }
}

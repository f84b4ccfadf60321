import { isThenable } from "./thenable.js";

/** A value that is there, or will be. */
export type Eventually<T> = T | PromiseLike<T>;

/**
 * Runs `steps`, which `yield` what an async function would `await`; but as long as nothing that they yield is a promise they stay
 * within the turn, and make none. Throws, or rejects, with what they throw.
 */
export function settle<T>(steps: Generator<unknown, T, unknown>): Eventually<T> {
  let step = steps.next();
  while (step.done !== true) {
    if (isThenable(step.value)) return settleLater(steps, step.value);
    step = steps.next(step.value);
  }
  return step.value;
}

async function settleLater<T>(steps: Generator<unknown, T, unknown>, first: unknown): Promise<T> {
  let step = await resume(steps, first);
  while (step.done !== true) step = await resume(steps, step.value);
  return step.value;
}

async function resume<T>(steps: Generator<unknown, T, unknown>, awaited: unknown): Promise<IteratorResult<unknown, T>> {
  let value: unknown;
  try {
    value = await awaited;
  } catch (error) {
    return steps.throw(error);
  }
  return steps.next(value);
}

/** What `make` makes of `value`: within the turn, if it is there. */
export function whenKnown<T, R>(value: Eventually<T>, make: (value: T) => R): Eventually<R> {
  return isThenable(value) ? value.then(make) : make(value);
}

import type { Duplex } from "node:stream";

/** Resolves after this turn of the event loop: what is due now has run. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Resolves once `condition` holds; looks once a turn. A test that waits in vain ends by its own deadline. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

/** Resolves when `stream` is closed, by an error or without. */
export function closeOf(stream: Duplex): Promise<void> {
  return new Promise((resolve) => void stream.once("close", () => resolve()));
}

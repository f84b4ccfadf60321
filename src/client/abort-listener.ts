const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Has `listener` called when `signal` is aborted; returns what takes it back. However many wait for one signal, it gets one
 * event listener: Node warns of a leak at eleven, and a program may well open more connections with one signal than that.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const waiting = listeners.get(signal) ?? listenTo(signal);
  waiting.add(listener);
  return () => void waiting.delete(listener);
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const waiting = new Set<() => void>();
  listeners.set(signal, waiting);
  const onAborted = (): void => {
    for (const listener of waiting) listener();
  };
  signal.addEventListener("abort", onAborted, { once: true });
  return waiting;
}

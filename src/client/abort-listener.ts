/** Those who wait for one signal. */
interface Waiting {
  readonly listeners: Set<() => void>;
  /** The event listener that they share. */
  readonly onAborted: () => void;
}

const waitingFor = new WeakMap<AbortSignal, Waiting>();

/**
 * Has `listener` called when `signal` is aborted; returns what takes it back. However many wait for one signal, it gets one
 * event listener: Node warns of a leak at eleven, and a program may well open more connections with one signal than that. When nobody
 * waits any more, it has none: Node keeps a signal that depends on others for as long as somebody listens to it.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const { listeners, onAborted } = waitingFor.get(signal) ?? listenTo(signal);
  listeners.add(listener);
  return () => {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    signal.removeEventListener("abort", onAborted);
    waitingFor.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Waiting {
  const listeners = new Set<() => void>();
  const onAborted = (): void => {
    for (const listener of listeners) listener();
  };
  const waiting = { listeners, onAborted };
  waitingFor.set(signal, waiting);
  signal.addEventListener("abort", onAborted, { once: true });
  return waiting;
}

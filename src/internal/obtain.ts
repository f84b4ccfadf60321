/** What `pool` has for `size`; made, and kept for whoever asks next, where it has nothing yet. */
export function obtain<T>(pool: Map<number, T>, size: number, make: (size: number) => T): T {
  let shared = pool.get(size);
  if (shared === undefined) {
    shared = make(size);
    pool.set(size, shared);
  }
  return shared;
}

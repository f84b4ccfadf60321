/** How long is waited before an attempt. */
export interface Backoff {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * Full jitter: anything between nothing and a ceiling that doubles with each delay. Clients that a server has
 * lost all at once come back spread over the whole time.
 *
 * @param delays how many there were since the last connection that lasted
 * @param random from 0 to 1, 1 excluded
 */
export function backoffDelayMs({ firstDelayMs, maxDelayMs }: Backoff, delays: number, random: number): number {
  return Math.floor(random * Math.min(maxDelayMs, firstDelayMs * 2 ** delays));
}

/** For a server that asks for time (1013), and a network that is not there: the upper half of the longest delay. */
export function longDelayMs({ maxDelayMs }: Backoff, random: number): number {
  return Math.floor(((1 + random) / 2) * maxDelayMs);
}

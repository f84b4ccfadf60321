import { randomBytes } from "node:crypto";

const KIB = 1024;

/** From 0 to `count - 1`. */
export function below(count: number): number {
  return Math.floor(Math.random() * count);
}

export function oneOf<T>(choices: readonly T[]): T {
  return choices[below(choices.length)] as T;
}

/** True so often of one time. */
export function isTrueFor(share: number): boolean {
  return Math.random() < share;
}

/** Mostly short, at times longer than what is copied, read or compressed at once. */
export function someLength(): number {
  return below(oneOf([8, 100, 130, 1000, 1000, 5 * KIB, 40 * KIB, 70 * KIB, 300 * KIB]));
}

/** Text or bytes. */
function someMessage(): string | Buffer<ArrayBuffer> {
  const length = someLength();
  if (isTrueFor(0.5)) return randomBytes(length);
  return oneOf(["a", "é", "⚓", "text, "]).repeat(length / 4);
}

export function someMessages(): readonly (string | Buffer<ArrayBuffer>)[] {
  return Array.from({ length: 1 + below(20) }, someMessage);
}

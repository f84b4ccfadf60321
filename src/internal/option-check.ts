/** Describes `value` for an error message: short, and without the content of long strings. */
function describe(value: unknown): string {
  if (typeof value === "string")
    return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/**
 * `value`, or `fallback` where it is undefined, once it is known to be an integer from `least` to `most`.
 *
 * @throws TypeError where it is not a number, RangeError where it is outside; both name the option, what it got and what it
 * takes.
 */
export function checkInteger(option: string, value: unknown, fallback: number, least: number, most: number): number {
  if (value === undefined) return fallback;
  const takes = `an integer from ${least} to ${most}`;
  if (typeof value !== "number") throw new TypeError(`option ${option} got ${describe(value)}; it takes ${takes}`);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`option ${option} got ${value}; it takes ${takes}`);
  }
  return value;
}

/** As `checkInteger`, for a limit: a positive integer up to 2^53 - 1, or `Infinity` for none. */
export function checkLimit(option: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (value === Number.POSITIVE_INFINITY) return value;
  const takes = "a positive integer, or Infinity for no limit";
  if (typeof value !== "number") throw new TypeError(`option ${option} got ${describe(value)}; it takes ${takes}`);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`option ${option} got ${value}; it takes ${takes}`);
  }
  return value;
}

/** `value`, or `fallback` where it is undefined, once it is known to be a function. */
export function checkFunction<F>(option: string, value: F | undefined, fallback: F): F {
  if (value === undefined) return fallback;
  if (typeof value !== "function") throw new TypeError(`option ${option} got ${describe(value)}; it takes a function`);
  return value;
}

/** `value`, or `fallback` where it is undefined, once it is known to be one of `choices`. */
export function checkChoice<C extends string>(
  option: string,
  value: C | undefined,
  fallback: C,
  choices: readonly C[],
): C {
  if (value === undefined) return fallback;
  if (!choices.includes(value)) {
    throw new RangeError(
      `option ${option} got ${describe(value)}; it takes ${choices.map((choice) => `"${choice}"`).join(", ")}`,
    );
  }
  return value;
}

/** @throws TypeError naming the first key of `options` that is not among `known`, so that a typing error does not pass. */
export function checkKeys(what: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new TypeError(`${what} has no option ${JSON.stringify(unknown)}; it takes ${known.join(", ")}`);
}

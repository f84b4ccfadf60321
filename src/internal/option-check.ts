/** Describes `value` for an error message: short, and without the content of long strings. */
export function describeValue(value: unknown): string {
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
  if (typeof value !== "number") throw new TypeError(`option ${option} got ${describeValue(value)}; it takes ${takes}`);
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
  if (typeof value !== "number") throw new TypeError(`option ${option} got ${describeValue(value)}; it takes ${takes}`);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`option ${option} got ${value}; it takes ${takes}`);
  }
  return value;
}

/** `value`, or `fallback` where it is undefined, once it is known to be a boolean. */
export function checkBoolean(option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== "boolean")
    throw new TypeError(`option ${option} got ${describeValue(value)}; it takes true or false`);
  return value;
}

/** As `checkInteger`, for a time: milliseconds from 1 to `most`, or 0 for off, which is `Infinity` in what is returned. */
export function checkTimeout(option: string, value: unknown, fallback: number, most: number): number {
  if (value === undefined) return fallback;
  const takes = `milliseconds from 1 to ${most}, or 0 for off`;
  if (typeof value !== "number") throw new TypeError(`option ${option} got ${describeValue(value)}; it takes ${takes}`);
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`option ${option} got ${value}; it takes ${takes}`);
  }
  return value === 0 ? Number.POSITIVE_INFINITY : value;
}

/** `value`, or `fallback` where it is undefined, once it is known to be a function. */
export function checkFunction<F>(option: string, value: F | undefined, fallback: F): F {
  if (value === undefined) return fallback;
  if (typeof value !== "function")
    throw new TypeError(`option ${option} got ${describeValue(value)}; it takes a function`);
  return value;
}

/**
 * `value`, undefined or not, once `isRight` has said of what is there that it is what the option takes.
 *
 * @throws TypeError that names the option, what it got and what it takes.
 */
export function checkShape<T>(
  option: string,
  value: T | undefined,
  takes: string,
  isRight: (value: unknown) => boolean,
): T | undefined {
  if (value === undefined || isRight(value)) return value;
  throw new TypeError(`option ${option} got ${describeValue(value)}; it takes ${takes}`);
}

/** `value`, or `fallback` where it is undefined, once it is known to be made by `type`. */
export function checkInstance<T extends object>(
  option: string,
  value: T | undefined,
  fallback: T,
  type: new (...parameters: never) => T,
): T {
  if (value === undefined) return fallback;
  if (value instanceof type) return value;
  throw new TypeError(`option ${option} got ${describeValue(value)}; it takes a ${type.name}`);
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
      `option ${option} got ${describeValue(value)}; it takes ${choices.map((choice) => `"${choice}"`).join(", ")}`,
    );
  }
  return value;
}

/** `value`, or undefined, once it is known to be text of at least one character. */
export function checkText(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const takes = "a string that is not empty";
  if (typeof value !== "string") throw new TypeError(`option ${option} got ${describeValue(value)}; it takes ${takes}`);
  if (value === "") throw new RangeError(`option ${option} got ""; it takes ${takes}`);
  return value;
}

/**
 * @throws TypeError where `options` is no object, and for the first of its keys that is not among `known`, so that a typing
 * error does not pass.
 */
export function checkKeys(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${what} takes an object of options; it got ${describeValue(options)}`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new TypeError(`${what} has no option ${JSON.stringify(unknown)}; it takes ${known.join(", ")}`);
}

/**
 * Checks an object of optional callbacks. One of a class may have members of its own beside them; in a plain object, such
 * as a literal, another key is a typing error.
 *
 * @param flags the names of members that are true or false
 * @throws TypeError that names the member.
 */
export function checkCallbacks(
  what: string,
  value: unknown,
  callbacks: readonly string[],
  flags: readonly string[] = [],
): void {
  const known = [...callbacks, ...flags];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const names = known.join(", ");
    throw new TypeError(`a ${what} is an object with ${names}, all optional; this is ${describeValue(value)}`);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null;
  const unknown = isPlain ? Object.keys(value).find((key) => !known.includes(key)) : undefined;
  if (unknown !== undefined) {
    throw new TypeError(`a ${what} has no ${JSON.stringify(unknown)}; it takes ${known.join(", ")}`);
  }
  for (const name of known) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    const isFlag = flags.includes(name);
    if (member === undefined || typeof member === (isFlag ? "boolean" : "function")) continue;
    const takes = isFlag ? "true or false" : "a function";
    throw new TypeError(`the ${what}'s "${name}" is ${describeValue(member)}; it takes ${takes}`);
  }
}

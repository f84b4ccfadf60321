import { CloseCode } from "../protocol/index.js";
import { printable } from "./printable.js";

/** `1001 (going away): the server is stopping`, as a terminal may show it. */
export function describeClose(code: number, reason: string): string {
  const name = nameOf(code);
  return `${code}${name === undefined ? "" : ` (${name})`}${reason === "" ? "" : `: ${printable(reason)}`}`;
}

/** `goingAway` as `going away`. */
function nameOf(code: number): string | undefined {
  const [name] = Object.entries(CloseCode).find(([, each]) => each === code) ?? [];
  return name?.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

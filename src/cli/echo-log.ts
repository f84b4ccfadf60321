import { printable } from "./printable.js";

/** How much of a message a log line shows: about two lines of a terminal. */
const MAX_SHOWN_CHARACTERS = 160;
const MAX_SHOWN_BYTES = 16;

/**
 * The line that `halyard serve` prints for a message: `[::1]:58036 sent: hello`.
 *
 * @param remote - The peer's address.
 * @param message - Text is shown with control characters escaped, binary as its length and first bytes; both are cut when
 * they are long, and the whole length is told.
 */
export function formatSent(remote: string, message: string | Uint8Array): string {
  return `${remote} sent: ${typeof message === "string" ? formatText(message) : formatBytes(message)}`;
}

/** The beginning of a long text, never half a character; a short text as it is. */
export function beginningOf(text: string): string {
  if (text.length <= MAX_SHOWN_CHARACTERS) return text;
  return text.slice(0, MAX_SHOWN_CHARACTERS).replace(/[\ud800-\udbff]$/, "");
}

/** The first bytes in hexadecimal, as in `68 65 6c`. */
export function beginningInHex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, MAX_SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function formatText(text: string): string {
  if (text === "") return "<text, 0 bytes>";
  const beginning = beginningOf(text);
  const cut = beginning.length < text.length ? `… (${Buffer.byteLength(text)} bytes)` : "";
  return printable(beginning) + cut;
}

function formatBytes(bytes: Uint8Array): string {
  const cut = bytes.length > MAX_SHOWN_BYTES ? "…" : "";
  const unit = bytes.length === 1 ? "byte" : "bytes";
  return `<binary, ${bytes.length} ${unit}> ${beginningInHex(bytes)}${cut}`.trimEnd();
}

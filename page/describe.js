// @ts-check

/** How much of a message is shown: a few lines of text, a line of bytes. */
const MAX_SHOWN_CHARACTERS = 240;
const MAX_SHOWN_BYTES = 16;

/** RFC 6455 §7.4.1 and the IANA registry of close codes, in plain words. */
const CLOSE_CODES = new Map([
  [1000, "normal closure"],
  [1001, "going away"],
  [1002, "protocol error"],
  [1003, "unsupported data"],
  [1005, "no code given"],
  [1006, "no closing handshake"],
  [1007, "invalid text"],
  [1008, "policy violation"],
  [1009, "message too big"],
  [1010, "extension missing"],
  [1011, "internal error"],
  [1012, "service restart"],
  [1013, "try again later"],
  [1014, "bad gateway"],
]);

/**
 * What the log shows of a message: text as it is, binary as its length and first bytes, both cut when long.
 *
 * @param {string | Uint8Array} message
 * @returns {string}
 */
export function describeMessage(message) {
  if (typeof message !== "string") return describeBytes(message);
  if (message === "") return "<text, 0 bytes>";
  if (message.length <= MAX_SHOWN_CHARACTERS) return message;
  const shown = message.slice(0, MAX_SHOWN_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "");
  return `${shown.trimEnd()} … (${message.length.toLocaleString("en")} characters)`;
}

/** @param {Uint8Array} bytes */
function describeBytes(bytes) {
  const shown = Array.from(bytes.subarray(0, MAX_SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, "0"));
  const more = bytes.length > MAX_SHOWN_BYTES ? "…" : "";
  const unit = bytes.length === 1 ? "byte" : "bytes";
  return `<binary, ${bytes.length.toLocaleString("en")} ${unit}> ${shown.join(" ")}${more}`.trimEnd();
}

/**
 * Why a connection closed, as in `code 1001 (going away), reason: the server is stopping`.
 *
 * @param {{ code: number, reason: string }} closing
 * @returns {string}
 */
function describeClose({ code, reason }) {
  const meaning = CLOSE_CODES.get(code);
  const said = reason === "" ? "no reason given" : `reason: ${reason}`;
  return `code ${code}${meaning === undefined ? "" : ` (${meaning})`}, ${said}`;
}

/**
 * Why there is no connection now, or will be none.
 *
 * @param {import("./reconnecting.js").DropReason | import("./reconnecting.js").EndReason} reason
 * @returns {string}
 */
export function describeReason(reason) {
  switch (reason.kind) {
    case "closed":
    case "refused":
      return `Closed, ${describeClose(reason)}`;
    case "connect-timeout":
      return "Could not connect: the server did not answer in time";
    case "offline":
      return "Offline: the browser has no network";
    case "slept":
    case "frozen":
      return "Connecting anew after a sleep";
    case "silent":
    case "stalled":
      return "Lost: the server does not answer any more";
    case "requested":
    case "aborted":
      return "Closed, by this page";
    case "connect-failed":
    case "gave-up":
    case "invalid":
      // Browsers do not say why a handshake failed.
      return "Could not connect: the server does not run, or it refused";
  }
}

/**
 * A duration for people: `0.4 ms`, `38 ms`, `1.2 s`.
 *
 * @param {number} durationMs
 * @returns {string}
 */
export function describeDuration(durationMs) {
  if (durationMs >= 1000) return `${(durationMs / 1000).toFixed(1)} s`;
  return `${durationMs.toFixed(durationMs < 10 ? 1 : 0)} ms`;
}

/**
 * A size for people: `12 B`, `256 KiB`, `1.5 MiB`.
 *
 * @param {number} bytes
 * @returns {string}
 */
export function describeSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const [value, unit] = bytes < 1024 ** 2 ? [bytes / 1024, "KiB"] : [bytes / 1024 ** 2, "MiB"];
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

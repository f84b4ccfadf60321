/** What a line asks for that somebody has typed in a terminal. */
export type TypedLine =
  | { readonly kind: "send"; readonly message: string | Uint8Array }
  | { readonly kind: "ping"; readonly payload: string | undefined }
  | { readonly kind: "close"; readonly code: number | undefined; readonly reason: string }
  | { readonly kind: "help" }
  /** A line with nothing on it. */
  | { readonly kind: "nothing" }
  | { readonly kind: "mistake"; readonly message: string };

/** What `/help` prints. */
export const TYPED_HELP = `Enter sends the line. A line that begins with / is a command:
  //TEXT                 Send a text that begins with /
  /text [TEXT]           Send a text, also an empty one
  /binary HEX            Send bytes: /binary 68 65 6c 6c 6f
  /binary base64:DATA    Send bytes: /binary base64:aGVsbG8=
  /ping [DATA]           Send a ping and tell the round-trip time
  /close [CODE] [REASON] Close with 1000, or another code
  /help                  Print this
Ctrl-C and Ctrl-D close with 1000; a second Ctrl-C ends at once.`;

/** Reads a line; with `isBinary` what is no command is sent as a binary message. */
export function readTypedLine(line: string, isBinary: boolean): TypedLine {
  if (line === "") return { kind: "nothing" };
  if (!line.startsWith("/") || line.startsWith("//")) return { kind: "send", message: messageOf(line, isBinary) };
  const { name, rest } = splitCommand(line);
  switch (name) {
    case "/text":
      return { kind: "send", message: rest };
    case "/binary":
      return readBinary(rest);
    case "/ping":
      return readPing(rest);
    case "/close":
      return readClose(rest);
    case "/help":
      return { kind: "help" };
    default:
      return mistake(`there is no command ${name}; /help lists them, //TEXT sends a text that begins with /`);
  }
}

function messageOf(line: string, isBinary: boolean): string | Uint8Array {
  const text = line.startsWith("//") ? line.slice(1) : line;
  return isBinary ? Buffer.from(text) : text;
}

function splitCommand(line: string): { name: string; rest: string } {
  const space = line.indexOf(" ");
  return space === -1 ? { name: line, rest: "" } : { name: line.slice(0, space), rest: line.slice(space + 1) };
}

function readBinary(text: string): TypedLine {
  const bytes = text.startsWith("base64:") ? bytesOfBase64(text.slice(7)) : bytesOfHex(text);
  if (bytes !== undefined) return { kind: "send", message: bytes };
  return mistake("/binary takes pairs of hexadecimal digits, 68 65 6c 6c 6f, or base64:aGVsbG8=");
}

function bytesOfHex(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(" ", "");
  return digits.length % 2 === 0 && /^[\da-f]*$/i.test(digits) ? Buffer.from(digits, "hex") : undefined;
}

/** Node decodes anything; what it gives is encoded again to see whether it was base64. */
function bytesOfBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return unpadded(bytes.toString("base64")) === unpadded(text.trim()) ? bytes : undefined;
}

function unpadded(base64: string): string {
  return base64.endsWith("=") ? base64.slice(0, base64.indexOf("=")) : base64;
}

function readPing(text: string): TypedLine {
  if (Buffer.byteLength(text) > 125) return mistake("a ping has room for 125 bytes");
  return { kind: "ping", payload: text === "" ? undefined : text };
}

function readClose(text: string): TypedLine {
  const { name: code, rest: reason } = splitCommand(text);
  if (code === "") return { kind: "close", code: undefined, reason: "" };
  if (!/^\d{4}$/.test(code))
    return mistake("/close takes a code of four digits and then a reason: /close 4000 good bye");
  return { kind: "close", code: Number(code), reason };
}

function mistake(message: string): TypedLine {
  return { kind: "mistake", message };
}

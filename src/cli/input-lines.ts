import type { Readable } from "node:stream";
import { CliError } from "./cli-error.js";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The lines of a pipe or a file, without their line feeds, as bytes; the last one may lack its own. Nothing is read ahead while a
 * line is being dealt with, beyond what the stream itself holds.
 */
export async function* bytesOfLines(input: Readable): AsyncGenerator<Buffer, void, undefined> {
  let parts: Buffer[] = [];
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]);
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

/**
 * The same as text; a carriage return before the line feed goes with it.
 *
 * @throws CliError with exit code 2 for a line that is not UTF-8, which would not arrive as it is.
 */
export async function* textOfLines(input: Readable): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let number = 0;
  for await (const line of bytesOfLines(input)) {
    number += 1;
    const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
    let text: string;
    try {
      text = decoder.decode(line.subarray(0, end));
    } catch (error) {
      const message = `line ${number} of the input is not UTF-8; --binary sends lines as they are`;
      throw new CliError(message, 2, { cause: error });
    }
    yield text;
  }
}

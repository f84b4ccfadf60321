import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOfLines, textOfLines } from "../../src/cli/input-lines.js";

/** The lines of bytes that arrive cut at these places. */
async function linesOf(bytes: Buffer, cuts: readonly number[] = []): Promise<string[]> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
  const lines = [];
  for await (const line of bytesOfLines(Readable.from(chunks.filter((chunk) => chunk.length > 0))))
    lines.push(line.toString("latin1"));
  return lines;
}

async function textsOf(...chunks: (string | Buffer)[]): Promise<string[]> {
  const texts = [];
  for await (const text of textOfLines(Readable.from(chunks.map((chunk) => Buffer.from(chunk))))) texts.push(text);
  return texts;
}

describe("bytesOfLines()", () => {
  test.each([
    ["", []],
    ["a", ["a"]],
    ["a\n", ["a"]],
    ["a\nb", ["a", "b"]],
    ["\n\na\n\n", ["", "", "a", ""]],
    ["a\r\n\u00ff\n", ["a\r", "\u00ff"]],
  ])("takes %j apart", async (text, lines) => {
    expect(await linesOf(Buffer.from(text, "latin1"))).toEqual(lines);
  });

  test("gives the same lines however the bytes arrive", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(10, 13, 97, 255), { maxLength: 30 }),
        fc.array(fc.nat(99)),
        async (all, cuts) => {
          const bytes = Buffer.from(all);
          expect(await linesOf(bytes, cuts)).toEqual(await linesOf(bytes));
        },
      ),
    );
  });
});

describe("textOfLines()", () => {
  test("decodes each line, and leaves out a carriage return at its end only", async () => {
    expect(await textsOf("a\r\nb\rc\r\r\n\r\n⚓")).toEqual(["a", "b\rc\r", "", "⚓"]);
  });

  test("keeps a byte order mark, and a character that is cut between two chunks", async () => {
    const anchor = Buffer.from("\ufeff⚓\n");
    expect(await textsOf(anchor.subarray(0, 4), anchor.subarray(4))).toEqual(["\ufeff⚓"]);
  });

  test("refuses a line that is not UTF-8, by its number, after giving those before it", async () => {
    const texts = textOfLines(Readable.from([Buffer.from("a\nb\n\u00ff\n", "latin1")]));
    expect(await texts.next()).toEqual({ done: false, value: "a" });
    expect(await texts.next()).toEqual({ done: false, value: "b" });
    await expect(texts.next()).rejects.toMatchObject({
      name: "CliError",
      exitCode: 2,
      message: "line 3 of the input is not UTF-8; --binary sends lines as they are",
    });
  });
});

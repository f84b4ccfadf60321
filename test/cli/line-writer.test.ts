import { Writable } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { LineWriter } from "../../src/cli/line-writer.js";

/** A stream whose reader takes something only when it is told to. */
class SlowStream extends Writable {
  readonly chunks: string[] = [];
  #taken: (() => void) | undefined;
  isTaking = false;

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.chunks.push(chunk.toString());
    if (this.isTaking) taken();
    else this.#taken = taken;
  }

  takeAll(): void {
    this.isTaking = true;
    this.#taken?.();
  }

  get lines(): string[] {
    return this.chunks.join("").split("\n").slice(0, -1);
  }
}

/** A file on a disk that may be full. As with `process.stdout`, no error destroys it. */
class FileStream extends Writable {
  text = "";
  isFull = false;

  override _write(chunk: Buffer, _encoding: string, taken: (error?: Error) => void): void {
    if (this.isFull) return taken(Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" }));
    this.text += chunk.toString();
    taken();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    done(error);
    (this as unknown as { _undestroy(): void })._undestroy();
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function setUp() {
  const stream = new SlowStream();
  const writer = new LineWriter(stream, { describeGap: (lines) => `${lines} left out`, onTrouble: () => {} });
  return { stream, writer };
}

describe("LineWriter", () => {
  test("writes the lines of one turn at once, in order", async () => {
    const { stream, writer } = setUp();
    writer.write("one");
    writer.write("two");
    expect(stream.chunks).toEqual([]);
    await nextTurn();
    expect(stream.chunks).toEqual(["one\ntwo\n"]);
  });

  test("keeps a bounded amount for a reader that has stopped, and tells what it left out when the reader is back", async () => {
    const { stream, writer } = setUp();
    const line = "x".repeat(99);
    for (let turn = 0; turn < 40; turn += 1) {
      for (let index = 0; index < 1000; index += 1) writer.write(line);
      await nextTurn();
    }
    expect(stream.writableLength).toBeLessThanOrEqual(1024 * 1024);
    expect(stream.writableLength).toBeGreaterThan(1024 * 1024 - 200);

    stream.takeAll();
    await nextTurn();
    writer.write("after");
    await writer.flush(1_000);

    const kept = stream.lines.filter((each) => each === line).length;
    expect(stream.lines.slice(kept)).toEqual([`${40_000 - kept} left out`, "after"]);
  });

  test("tells what it left out even if nothing more is written", async () => {
    const { stream, writer } = setUp();
    writer.write("first");
    await nextTurn();
    writer.write("x".repeat(2 * 1024 * 1024));
    stream.takeAll();
    await writer.flush(1_000);
    expect(stream.lines).toEqual(["first", "1 left out"]);
  });

  test("gives up flushing at the deadline when nobody reads", async () => {
    const { stream, writer } = setUp();
    writer.write("never read");
    await writer.flush(1);
    expect(stream.writableLength).toBeGreaterThan(0);
  });

  test("tells once that a disk is full, tries again with every line, and counts what was left out", async () => {
    const stream = new FileStream();
    const onTrouble = vi.fn();
    const describeGap = (lines: number, cause?: Error): string => `${lines} left out: ${cause?.message}`;
    const writer = new LineWriter(stream, { describeGap, onTrouble });
    const fill = async (...lines: string[]): Promise<void> => {
      stream.isFull = true;
      for (const line of lines) {
        writer.write(line);
        writer.write(line);
        await nextTurn();
        await nextTurn();
      }
      stream.isFull = false;
    };
    writer.write("first");
    await writer.flush(1_000);
    await fill("lost", "lost as well");
    expect(onTrouble.mock.calls).toMatchObject([[{ code: "ENOSPC" }]]);
    writer.write("after");
    await writer.flush(1_000);
    const once = "first\n\n4 left out: ENOSPC: no space\nafter\n";
    expect(stream.text).toBe(once);
    await fill("lost again");
    expect(onTrouble).toHaveBeenCalledTimes(2);
    await writer.flush(1_000);
    expect(stream.text).toBe(`${once}\n2 left out: ENOSPC: no space\n`);
  });

  test.each(["EPIPE", "EIO"])("goes on quietly when the reader has left: %s", async (code) => {
    const { stream, writer } = setUp();
    stream.destroy(Object.assign(new Error("gone"), { code }));
    await nextTurn();
    writer.write("to nobody");
    await writer.flush(1_000);
    expect(stream.chunks).toEqual([]);
  });
});

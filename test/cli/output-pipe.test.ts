import { PassThrough, Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { OutputPipe } from "../../src/cli/output-pipe.js";
import { nextTurn } from "../support/turns.js";

/** A pipe that holds ten bytes, and how often it was said to have no reader. */
function setUp() {
  const stream = new PassThrough({ highWaterMark: 10 });
  const gone: string[] = [];
  const pipe = new OutputPipe(stream, () => gone.push("gone"));
  return { stream, pipe, gone };
}

/** Whether a promise has settled by now. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  await nextTurn();
  return settled;
}

describe("OutputPipe", () => {
  test("has who writes wait for the reader, all together, and loses nothing", async () => {
    const { stream, pipe } = setUp();
    expect(await hasSettled(pipe.write("123"))).toBe(true);
    const waiting = [pipe.write("4567890abc"), pipe.write("def"), pipe.flush()];
    for (const each of waiting) expect(await hasSettled(each)).toBe(false);
    stream.setEncoding("utf8");
    const read: string[] = [];
    stream.on("data", (text: string) => read.push(text));
    await Promise.all(waiting);
    expect(read.join("")).toBe("1234567890abcdef");
  });

  test("lets nobody wait for a reader that has gone, and says so once", async () => {
    const { stream, pipe, gone } = setUp();
    const waiting = [pipe.write("1234567890abc"), pipe.flush()];
    stream.destroy(Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
    await Promise.all(waiting);
    await pipe.write("more");
    await pipe.finish();
    expect(gone).toEqual(["gone"]);
  });

  test("tells at the end what has kept it from writing", async () => {
    const gone: string[] = [];
    const cause = Object.assign(new Error("no space left"), { code: "ENOSPC" });
    const stream = new Writable({ write: (_chunk, _encoding, taken) => taken(cause) });
    const pipe = new OutputPipe(stream, () => gone.push("gone"));
    void pipe.write("lost");
    const message = "cannot write the output: no space left";
    await expect(pipe.finish()).rejects.toMatchObject({ name: "CliError", exitCode: 1, message });
    await pipe.write("more");
    await pipe.flush();
    expect(pipe.failure?.message).toBe(message);
    expect(gone).toEqual(["gone"]);
  });
});

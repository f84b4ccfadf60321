import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { ObservedConnection, Observer } from "../../src/connection/index.js";
import {
  type FrameTraceOptions,
  readTrace,
  type TraceCut,
  traceFrames,
  type TraceRecord,
} from "../../src/trace/index.js";
import { meetCompressed } from "../support/compressing-peer.js";
import { meet } from "../support/meeting.js";
import { newFile } from "../support/new-file.js";
import { close, continuation, ping, text } from "../support/raw-peer.js";

async function traceTo(file: string, options: Omit<FrameTraceOptions, "file"> = {}) {
  const trace = await traceFrames({ file, ...options });
  onTestFinished(() => trace.close());
  return trace;
}

async function recordsOf(file: string): Promise<(TraceRecord | TraceCut)[]> {
  const records = [];
  for await (const record of readTrace(file)) records.push(record);
  return records;
}

const stranger = { remote: "192.0.2.1:4711", local: "192.0.2.2:80", extensions: "" } as ObservedConnection;

/** Has an observer see `count` pings of one turn. */
function showPings(observer: Observer, count: number): void {
  const frame = { direction: "in", opcode: 9, isFinal: true, rsv1: false, isMasked: true } as const;
  for (let i = 0; i < count; i++) {
    observer.frame?.(stranger, { ...frame, payloadLength: 0, payload: new Uint8Array(0) });
  }
}

const anyNumber: unknown = expect.any(Number);

describe("traceFrames", () => {
  test("writes what the wire carried: fragments, control frames between them, compressed messages, the end", async () => {
    const file = newFile();
    const trace = await traceTo(file);
    const { connection, peer } = await meetCompressed({ observer: trace.observer });
    connection.handle({ message: (socket, message) => void socket.write(message) });
    const question = peer.frames("a question, a question, a question", 3);
    const [first = text(""), second = text(""), third = text("")] = question;
    peer.raw.send(first, ping("p"), second, third, close(4000, "secret"));
    const heard = await peer.raw.leave();
    await connection.closed;
    await trace.close();

    const [pong, answer, goodbye] = heard;
    expect(pong).toEqual({ pong: "p" });
    const answered = answer !== undefined && "compressed" in answer ? answer.compressed.length / 2 : 0;
    expect(answered).toBeGreaterThan(0);
    expect(goodbye).toMatchObject({ close: 4000 });
    const lengthOf = ({ payload = "" }: typeof first): number => payload.length;
    const of = { at: anyNumber, connection: 1 };
    const ofPeer = { kind: "frame", ...of, direction: "in", masked: true };
    const ofUs = { kind: "frame", ...of, direction: "out", masked: false };
    expect(await recordsOf(file)).toEqual([
      { kind: "trace", version: 1, startedAt: expect.any(String) as unknown, payloadBytes: 0 },
      { kind: "opened", ...of, remote: connection.remote, local: connection.local, extensions: connection.extensions },
      { ...ofPeer, opcode: 1, fin: false, rsv1: true, length: lengthOf(first) },
      { ...ofPeer, opcode: 9, fin: true, rsv1: false, length: 1 },
      { ...ofUs, opcode: 10, fin: true, rsv1: false, length: 1 },
      { ...ofPeer, opcode: 0, fin: false, rsv1: false, length: lengthOf(second) },
      { ...ofPeer, opcode: 0, fin: true, rsv1: false, length: lengthOf(third) },
      { ...ofUs, opcode: 1, fin: true, rsv1: true, length: answered },
      { ...ofPeer, opcode: 8, fin: true, rsv1: false, length: 8, closeCode: 4000 },
      { ...ofUs, opcode: 8, fin: true, rsv1: false, length: 2, closeCode: 4000 },
      { kind: "closed", ...of, code: 4000, by: "peer", clean: true },
    ]);
    expect(readFileSync(file, "latin1")).not.toContain("secret");
  });

  test("keeps the beginning of payloads where that is asked for, and what went wrong", async () => {
    const file = newFile();
    const trace = await traceTo(file, { payloadBytes: 4 });
    const { connection, peer } = await meet({ observer: trace.observer });
    connection.handle({});
    peer.send(text("begin", false), continuation(" end"), { opcode: 0x3, payload: "bad" });
    await peer.leave();
    await connection.closed;
    await trace.close();
    const base64 = (payload: string): string => Buffer.from(payload).toString("base64");
    expect((await recordsOf(file)).slice(2)).toMatchObject([
      { opcode: 1, length: 5, payload: base64("begi") },
      { opcode: 0, length: 4, payload: base64(" end") },
      { opcode: 3, length: 3, payload: base64("bad") },
      { direction: "out", opcode: 8, closeCode: 1002 },
      { kind: "failed", code: "protocol-fault", fault: "reserved-opcode" },
      { kind: "closed", code: 1002, by: "us" },
    ]);
  });

  test("is for its owner's eyes, and keeps the trace of an earlier run beside it", async () => {
    const file = newFile();
    const earlier = await traceTo(file);
    showPings(earlier.observer, 1);
    await earlier.close();
    const before = readFileSync(file, "utf8");
    const trace = await traceTo(file);
    showPings(trace.observer, 1);
    await trace.close();
    expect(readFileSync(`${file}.1`, "utf8")).toBe(before);
    expect(await recordsOf(file)).toMatchObject([{ kind: "trace" }, { kind: "frame" }]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("touches no trace before it has a record, not even one that is being written", async () => {
    const file = newFile();
    const [earlier, living] = [await traceTo(file), await traceTo(file)];
    showPings(earlier.observer, 1);
    await earlier.close();
    showPings(living.observer, 1);
    await vi.waitUntil(() => existsSync(`${file}.1`) && statSync(file).size > 150);
    for (let i = 0; i < 2; i++) await (await traceTo(file)).close();
    showPings(living.observer, 1);
    await living.close();
    expect(await recordsOf(`${file}.1`)).toMatchObject([{ kind: "trace" }, { kind: "frame" }]);
    expect(await recordsOf(file)).toMatchObject([{ kind: "trace" }, { kind: "frame" }, { kind: "frame" }]);
  });

  test("writes over nothing that has come there until its first record", async () => {
    const file = newFile();
    const onError = vi.fn();
    await (await traceTo(file)).close();
    const trace = await traceTo(file, { onError });
    writeFileSync(`${file}.1`, "precious\n");
    showPings(trace.observer, 1);
    await trace.close();
    expect(onError.mock.calls).toMatchObject([[{ code: "no-trace" }]]);
    expect(readFileSync(`${file}.1`, "utf8")).toBe("precious\n");
    expect(await recordsOf(file)).toHaveLength(1);
  });

  test.each([
    ["", "is there already and is no trace"],
    [".1", "is there already and is no trace"],
  ])("leaves what is no trace alone: %j", async (ending, message) => {
    const file = newFile();
    writeFileSync(`${file}${ending}`, "precious\n");
    await expect(traceFrames({ file })).rejects.toMatchObject({
      name: "TraceError",
      code: "no-trace",
      message: expect.stringContaining(`${file}${ending} ${message}`) as unknown,
    });
    expect(readFileSync(`${file}${ending}`, "utf8")).toBe("precious\n");
  });

  test("takes a file that is there and empty, and no folder", async () => {
    const file = newFile();
    writeFileSync(file, "");
    await (await traceTo(file)).close();
    expect(await recordsOf(file)).toMatchObject([{ kind: "trace" }]);
    await expect(traceFrames({ file: join(file, "..") })).rejects.toThrow(/is no regular file/);
    await expect(traceFrames({ file: join(file, "..", "none", "file") })).rejects.toMatchObject({
      code: "file-failed",
      cause: { code: "ENOENT" },
    });
  });

  test("begins the file anew when it is full, and keeps one that was", async () => {
    const file = newFile();
    const trace = await traceTo(file, { maxFileBytes: 65_536 });
    showPings(trace.observer, 1_000); // 130 bytes each
    await trace.close();
    expect(trace.droppedRecords).toBe(0);
    for (const each of [file, `${file}.1`]) {
      expect(statSync(each).size).toBeLessThanOrEqual(65_536);
      expect(await recordsOf(each)).toMatchObject({ 0: { kind: "trace" }, 1: { kind: "frame" } });
    }
    expect(statSync(`${file}.1`).size).toBeGreaterThan(65_000);
  });

  test("drops and counts what the disk does not keep up with, and says where", async () => {
    const file = newFile();
    const trace = await traceTo(file);
    showPings(trace.observer, 20_000); // in one turn, more than a mebibyte
    expect(trace.droppedRecords).toBeGreaterThan(5_000);
    await vi.waitUntil(() => statSync(file).size > 1_000_000);
    showPings(trace.observer, 1); // for which there is no room either where the disk is slow
    const dropped = trace.droppedRecords;
    await trace.close();
    const records = await recordsOf(file);
    const gaps = records.filter((each) => each.kind === "dropped");
    // One nearly always; but where there was no room for a record, there may be for the next, whose time has fewer digits.
    for (const gap of gaps) expect(gap).toEqual({ kind: "dropped", at: anyNumber, records: anyNumber });
    expect(gaps.reduce((sum, gap) => sum + gap.records, 0)).toBe(dropped);
    expect(records.filter(({ kind }) => kind === "frame")).toHaveLength(20_001 - dropped);
    showPings(trace.observer, 1);
    expect(trace.droppedRecords).toBe(dropped + 1);
  });

  test("ends with one error when the file cannot be written any more, and harms nobody", async () => {
    const file = newFile();
    const onError = vi.fn();
    const trace = await traceTo(file, { maxFileBytes: 65_536, onError });
    rmSync(join(file, ".."), { recursive: true });
    showPings(trace.observer, 1_000);
    await vi.waitUntil(() => onError.mock.calls.length > 0);
    expect(onError.mock.calls).toMatchObject([[{ code: "file-failed", cause: { code: "ENOENT" } }]]);
    showPings(trace.observer, 3);
    expect(trace.droppedRecords).toBe(3);
    await trace.close();
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("of the user");
      },
    ],
    ["rejects", () => Promise.reject(new Error("of the user"))],
  ])("survives an onError that %s, and can be closed", async (_, onError) => {
    const file = newFile();
    const told = vi.fn<() => unknown>(onError);
    const trace = await traceTo(file, { maxFileBytes: 65_536, onError: told });
    rmSync(join(file, ".."), { recursive: true });
    showPings(trace.observer, 1_000);
    await vi.waitUntil(() => told.mock.calls.length > 0);
    await trace.close();
  });

  test("is its owner's alone, also where an empty file was there; closing it twice waits for the same end", async () => {
    const file = newFile();
    writeFileSync(file, "", { mode: 0o644 });
    const trace = await traceTo(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    showPings(trace.observer, 3);
    await Promise.race([trace.close(), trace.close()]);
    expect(await recordsOf(file)).toHaveLength(4);
  });

  test.each([
    [{ payloadBytes: 2_000 }, "option payloadBytes got 2000; it takes an integer from 0 to 1024"],
    [{ maxFileBytes: 10 }, "option maxFileBytes got 10"],
    [{ file: "" }, 'option file got ""'],
    [{ path: "x" }, 'traceFrames has no option "path"'],
  ])("refuses %j", async (options, message) => {
    await expect(traceFrames({ file: newFile(), ...options })).rejects.toThrow(message);
  });
});

describe("readTrace", () => {
  const start = '{"kind":"trace","version":1,"startedAt":"2026-01-01T00:00:00.000Z","payloadBytes":0}\n';
  const record = '{"kind":"dropped","at":1,"records":2}\n';

  async function read(content: string | Buffer): Promise<(TraceRecord | TraceCut)[]> {
    const file = newFile();
    writeFileSync(file, content);
    return await recordsOf(file);
  }

  test("tolerates a last line that is cut, and says so", async () => {
    expect(await read(`${start}${record}${record.slice(0, 20)}`)).toMatchObject([
      { kind: "trace" },
      { kind: "dropped" },
      { kind: "cut" },
    ]);
  });

  test("passes by a kind of a later version, and members that it does not know", async () => {
    const later = '{"kind":"weather","at":1}\n{"kind":"dropped","at":1,"records":2,"why":"disk"}\n';
    expect(await read(start + later)).toMatchObject([{ kind: "trace" }, { kind: "dropped", records: 2 }]);
  });

  test.each([
    ["", "no-trace", /it has no whole line$/],
    [Buffer.from([0x89, 0x50, 0x4e, 0x47]), "no-trace", /it has no whole line$/],
    ["hello\n", "no-trace", /its first line does not say so$/],
    [record, "no-trace", /its first line does not say so$/],
    [start.replace('"version":1', '"version":2'), "no-trace", /has version 2 of the format; this reads 1$/],
    [`${start}${record}{"kind":\n`, "broken-record", /^line 3 of \S+ is no record of a trace$/],
    [`${start}{"kind":"dropped","at":"now","records":2}\n`, "broken-record", /^line 2 /],
    [`${start}{"kind":"frame","at":1,"connection":1}\n`, "broken-record", /^line 2 /],
    [`${start}${"x".repeat(200_000)}`, "broken-record", /^line 2 /],
  ])("refuses %j", async (content, code, message) => {
    await expect(read(content)).rejects.toMatchObject({
      name: "TraceError",
      code,
      message: expect.stringMatching(message) as unknown,
    });
  });

  test("refuses a file that is not there, and a folder", async () => {
    const file = newFile();
    await expect(recordsOf(file)).rejects.toMatchObject({ code: "file-failed", cause: { code: "ENOENT" } });
    await expect(recordsOf(join(file, ".."))).rejects.toMatchObject({ code: "no-trace" });
  });

  test("follows a file while it is written, into the one that takes its place, until it is told to end", async () => {
    const file = newFile();
    const trace = await traceTo(file, { maxFileBytes: 65_536 });
    const leaving = new AbortController();
    const seen: TraceRecord["kind"][] = [];
    let reached = (_: unknown): void => {};
    const following = (async () => {
      for await (const { kind } of readTrace(file, { follow: true, signal: leaving.signal })) {
        if (kind !== "cut") seen.push(kind);
        reached(undefined);
      }
    })();
    const until = async (isReached: () => boolean): Promise<void> => {
      while (!isReached()) await new Promise((settle) => (reached = settle));
    };
    await until(() => seen.length === 1);
    showPings(trace.observer, 300);
    await until(() => seen.length === 301);
    showPings(trace.observer, 300);
    await until(() => seen.length === 602);
    expect(seen.filter((kind) => kind === "trace")).toHaveLength(2);
    // The next trace takes its place once it has something to tell.
    const next = await traceTo(file);
    showPings(next.observer, 1);
    await until(() => seen.length === 604);
    leaving.abort();
    await following;
  });
});

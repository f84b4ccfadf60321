import { describe, expect, test } from "vitest";
import { ShrinkRecord } from "../../../src/connection/deflate/shrink-record.js";

/** How many messages are sent as they are before one is tried. */
function skipped(record: ShrinkRecord): number {
  let count = 0;
  while (!record.admits()) count++;
  return count;
}

function note(record: ShrinkRecord, times: number, after: number): void {
  for (let i = 0; i < times; i++) record.note(1000, after);
}

describe("a record of how messages shrank", () => {
  test("has every message tried while they shrink", () => {
    const record = new ShrinkRecord();
    for (let i = 0; i < 100; i++) {
      expect(record.admits()).toBe(true);
      record.note(1000, 500);
    }
  });

  test("takes a sixteenth less for shrinking, and anything above that for none", () => {
    const shrinking = new ShrinkRecord();
    note(shrinking, 10, 937);
    expect(skipped(shrinking)).toBe(0);
    const staying = new ShrinkRecord();
    note(staying, 4, 938);
    expect(skipped(staying)).toBe(16);
  });

  test("bears with three that do not, and with the fourth skips sixteen", () => {
    const record = new ShrinkRecord();
    note(record, 3, 1000);
    expect(record.admits()).toBe(true);
    record.note(1000, 1005);
    expect(skipped(record)).toBe(16);
  });

  test("skips twice as many each time that the one tried does not shrink either, up to 512", () => {
    const record = new ShrinkRecord();
    note(record, 4, 1000);
    const counts = Array.from({ length: 8 }, () => {
      const count = skipped(record);
      record.note(1000, 1000);
      return count;
    });
    expect(counts).toEqual([16, 32, 64, 128, 256, 512, 512, 512]);
  });

  test("forgets it all with one that shrinks", () => {
    const record = new ShrinkRecord();
    note(record, 5, 1000);
    expect(skipped(record)).toBe(32);
    record.note(1000, 100);
    note(record, 3, 1000);
    expect(skipped(record)).toBe(0);
    record.note(1000, 1000);
    expect(skipped(record)).toBe(16);
  });
});

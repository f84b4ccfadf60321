import { expect, test } from "vitest";
import { ReadMemory } from "../../src/connection/read-memory.js";

const SIZE = 64 * 1024;

interface Place {
  readonly memory: ArrayBufferLike;
  readonly start: number;
  readonly end: number;
}

test("slabs lie beside what is read as long as there is room, and none upon another or upon what is read", () => {
  const memory = new ReadMemory(SIZE);
  const places: Place[] = [{ memory: memory.bytes.buffer, start: 0, end: SIZE }];
  for (const size of [SIZE, 256, 1024 * 1024, 4096]) {
    const pool = memory.slabs(size);
    for (let i = 0; i < 4; i++) {
      const slab = pool.withRoom(size);
      slab.hold();
      places.push({ memory: slab.bytes.buffer, start: slab.used, end: slab.end });
      slab.used = slab.end;
    }
  }
  const beside = places.filter((place) => place.memory === memory.bytes.buffer);
  expect(beside.length).toBeGreaterThan(4);
  expect(beside.length).toBeLessThan(places.length);
  const inOrder = beside.toSorted((one, other) => one.start - other.start);
  for (const [index, place] of inOrder.entries()) {
    expect(place.end - place.start).toBeGreaterThanOrEqual(256);
    expect(place.end).toBeLessThanOrEqual(inOrder[index + 1]?.start ?? memory.bytes.buffer.byteLength);
  }
  const apart = places.filter((place) => place.memory !== memory.bytes.buffer);
  expect(new Set(apart.map((place) => place.memory)).size).toBe(apart.length);
});

test("slabs of a size are the same for all who ask for it", () => {
  const memory = new ReadMemory(SIZE);
  expect(memory.slabs(1024)).toBe(memory.slabs(1024));
  expect(memory.slabs(1024)).not.toBe(memory.slabs(2048));
});

test.each([1, 255, 256, 257, 65_535])(
  "what a scanner finds lies behind a buffer of %d bytes, and before all slabs",
  (size) => {
    const { bytes, scanner, slabs } = open(size);
    const found = scanner?.found as Int32Array;
    expect(found.buffer).toBe(bytes.buffer);
    expect(found.byteOffset).toBeGreaterThanOrEqual(size);
    expect(found.byteOffset + found.byteLength).toBeLessThanOrEqual(slabs.withRoom(256).used);
  },
);

function open(
  size: number,
): Pick<ReadMemory, "bytes" | "scanner"> & { readonly slabs: ReturnType<ReadMemory["slabs"]> } {
  const memory = new ReadMemory(size);
  return { bytes: memory.bytes, scanner: memory.scanner, slabs: memory.slabs(256) };
}

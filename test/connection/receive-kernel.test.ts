import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import loadAssembler from "wabt";

import type * as receiveKernel from "../../src/connection/receive-kernel.js";
import { maskBytes } from "../../src/protocol/mask.js";

/** The module anew, for it keeps what it has compiled, and that it could not; so nobody else is to have it, either. */
async function freshKernel(): Promise<typeof receiveKernel> {
  vi.resetModules();
  onTestFinished(() => void vi.resetModules());
  return await import("../../src/connection/receive-kernel.js");
}

/** `lengths` of payloads at `offsets` of memory of 64 KiB and a bit, unmasked both ways. */
async function compare(lengths: readonly number[], offsets: readonly number[], toAscii = false): Promise<void> {
  const { allocateReceiving, unmask } = await freshKernel();
  const memory = allocateReceiving(70_000);
  const key = 0x81_c2_53_94 | 0;
  for (const length of lengths) {
    for (const offset of offsets) {
      const before = randomBytes(memory.length);
      if (toAscii) {
        for (let at = 0; at < before.length; at++) before[at] = (before[at] as number) & 0x7f;
        maskBytes(before, offset, offset + length, key);
      }
      const expected = Buffer.from(before);
      const seen = maskBytes(expected, offset, offset + length, key);
      before.copy(memory);
      const isAscii = unmask(memory, offset, offset + length, key) < 0x80;
      expect([length, offset, memory.equals(expected), isAscii]).toEqual([length, offset, true, seen < 0x80]);
    }
  }
}

const LENGTHS = [0, 1, 63, 64, 65, 127, 128, 129, 143, 144, 145, 159, 1_000, 4_099, 65_535];

describe("unmasking by the kernel", () => {
  test("is what this runtime does, from 64 bytes", async () => {
    const unmasked = vi.fn<Unmask>();
    const api = globalWebAssembly();
    /** An instance of the real module that tells of its calls. */
    function Instance(module: object, imports: object): object {
      const { unmask } = new api.Instance(module, imports).exports;
      unmasked.mockImplementation(unmask);
      return { exports: { unmask: unmasked } };
    }
    vi.stubGlobal("WebAssembly", { ...api, Instance });
    onTestFinished(() => void vi.unstubAllGlobals());
    const { allocateReceiving, unmask } = await freshKernel();
    const memory = allocateReceiving(70_000);
    unmask(memory, 5, 5 + 63, 1);
    expect(unmasked).not.toHaveBeenCalled();
    unmask(memory, 5, 5 + 64, 0x01_02_03_04);
    expect(unmasked.mock.calls).toEqual([[5, 69, 0x04_03_02_01]]);
  });

  test("gives the same bytes as the plain loop, at every length and alignment, and leaves those around alone", async () => {
    await compare(LENGTHS, [0, 1, 2, 3, 7, 16, 4_465]);
  });

  test("knows ASCII, and one byte that is none wherever it stands", async () => {
    await compare(LENGTHS, [6], true);
    const { allocateReceiving, unmask } = await freshKernel();
    const memory = allocateReceiving(200);
    for (let at = 0; at < memory.length; at++) {
      memory.fill(0x41);
      memory[at] = 0xc1;
      expect(unmask(memory, 0, memory.length, 0)).toBeGreaterThanOrEqual(0x80);
    }
  });

  test("works on a view that begins within the memory, and on two memories in turn", async () => {
    const { allocateReceiving, unmask } = await freshKernel();
    const [one, two] = [allocateReceiving(1_000), allocateReceiving(1_000)];
    for (const memory of [one, two, one]) {
      memory.fill(0x55);
      const view = memory.subarray(100, 500);
      unmask(view, 10, 400, 0x01_02_03_04);
      const expected = Buffer.alloc(1_000, 0x55);
      maskBytes(expected, 110, 500, 0x01_02_03_04);
      expect(memory.equals(expected)).toBe(true);
    }
  });

  test("takes the plain way for bytes that lie elsewhere", async () => {
    const { unmask } = await freshKernel();
    const bytes = randomBytes(5_000);
    const expected = Buffer.from(bytes);
    const seen = maskBytes(expected, 3, 4_999, 0x0a_0b_0c_0d);
    expect(unmask(bytes, 3, 4_999, 0x0a_0b_0c_0d)).toBe(seen);
    expect(bytes.equals(expected)).toBe(true);
  });

  test.each([
    ["without WebAssembly", undefined],
    ["where no memory is to be had", { ...globalWebAssembly(), Memory: refusing }],
    ["without SIMD", { ...globalWebAssembly(), Module: refusing }],
  ])("%s memory is any memory, and all works the same", async (_, api) => {
    vi.stubGlobal("WebAssembly", api);
    onTestFinished(() => void vi.unstubAllGlobals());
    await compare([200, 4_099], [0, 5]);
  });

  test("is what its source assembles to", async () => {
    const assembler = await loadAssembler();
    const directory = new URL("../../src/connection/", import.meta.url);
    const source = assembler.parseWat(
      "receive-kernel.wat",
      await readFile(new URL("receive-kernel.wat", directory), "utf8"),
      {
        simd: true,
      },
    );
    const assembled = Buffer.from(source.toBinary({}).buffer).toString("base64");
    const kept = await readFile(new URL("receive-kernel.ts", directory), "utf8");
    const strings = /MODULE =([^;]*);/.exec(kept)?.[1]?.match(/[\w+/=]{16,}/g);
    expect(strings?.join("")).toBe(assembled);
  });
});

type Unmask = (start: number, end: number, key: number) => number;

interface WebAssemblyApi {
  readonly Memory: unknown;
  readonly Module: unknown;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly unmask: Unmask } };
}

function globalWebAssembly(): WebAssemblyApi {
  const { Memory, Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
  return { Memory, Module, Instance };
}

function refusing(): never {
  throw new RangeError("there is none");
}

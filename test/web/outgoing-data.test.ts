import { runInNewContext, runInThisContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { readOutgoingData } from "../../src/web/outgoing-data.js";

describe("what a WebSocket of the web is given to send", () => {
  // As a test environment with globals of its own has it.
  test.each(["new Uint8Array([1, 2, 3]).buffer", "new Uint8Array([0, 1, 2, 3]).subarray(1)", "new DataView(bytes)"])(
    "is bytes where it comes of another realm, too: %s",
    (made) => {
      const data: unknown = runInNewContext(made, { bytes: Uint8Array.of(1, 2, 3).buffer });
      expect(readOutgoingData(data)).toEqual(Uint8Array.of(1, 2, 3));
    },
  );

  test.each<[string, string]>([
    ["shared", "new SharedArrayBuffer(4)"],
    ["shared", "new Uint8Array(new SharedArrayBuffer(4))"],
    ["resizable", "new ArrayBuffer(4, { maxByteLength: 8 })"],
    ["resizable", "new Uint8Array(new ArrayBuffer(4, { maxByteLength: 8 }))"],
  ])("is refused as %s memory, of whatever realm: %s", (kind, made) => {
    for (const data of [runInThisContext(made), runInNewContext(made)]) {
      expect(() => readOutgoingData(data)).toThrow(
        new TypeError(`cannot send ${kind} memory; send a copy: view.slice()`),
      );
    }
  });
});

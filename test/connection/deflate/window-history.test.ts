import fc from "fast-check";
import { expect, test } from "vitest";
import { WindowHistory } from "../../../src/connection/deflate/window-history.js";

test("the history of a window is the last bytes of all that was appended", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.integer({ min: 0, max: 5 }), (chunks, windowBits) => {
      const history = new WindowHistory(windowBits);
      for (const chunk of chunks)
        history.append(Buffer.concat([Buffer.of(1), chunk, Buffer.of(2)]), 1, chunk.length + 1);
      const all = Buffer.concat(chunks);
      expect([...history.bytes]).toEqual([...all.subarray(Math.max(0, all.length - 2 ** windowBits))]);
    }),
  );
});

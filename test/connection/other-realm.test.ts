import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { prepare } from "../../src/connection/index.js";
import { meet } from "../support/meeting.js";

// As a test environment with globals of its own has them.
test.each(["new Uint8Array([1, 2, 3]).buffer", "new Uint8Array([0, 1, 2, 3]).subarray(1)", "new DataView(bytes)"])(
  "bytes of another realm are sent as those of this one: %s",
  async (made) => {
    const { peer, connection } = await meet();
    const message = runInNewContext(made, { bytes: Uint8Array.of(1, 2, 3).buffer }) as ArrayBuffer;
    await connection.send(message);
    connection.write(prepare(message));
    expect(await peer.hear()).toEqual({ binary: "010203" });
    expect(await peer.hear()).toEqual({ binary: "010203" });
  },
);

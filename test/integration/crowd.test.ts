import { describe, expect, test } from "vitest";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";

const CROWD = 2_000;

describe("2,000 clients at once", () => {
  test("are all let in, each gets its own echo, and all are closed cleanly", { timeout: 30_000 }, async () => {
    const server = await listening({ routes: { "/": { message: (socket, message) => socket.write(message) } } });
    const peers = await Promise.all(Array.from({ length: CROWD }, () => RawPeer.join(server.port)));
    expect(server.connections.size).toBe(CROWD);

    for (const [i, peer] of peers.entries()) peer.say(`I am ${i}`);
    const echoes = await Promise.all(peers.map((peer) => peer.hear()));
    expect(echoes).toEqual(peers.map((_, i) => ({ text: `I am ${i}` })));

    const closed = server.close();
    const farewells = await Promise.all(
      peers.map(async (peer) => {
        const said = await peer.hear();
        peer.close(1001);
        await peer.leave();
        return said;
      }),
    );
    expect(farewells).toEqual(peers.map(() => ({ close: 1001, reason: "" })));
    expect(await closed).toEqual({ closed: CROWD, terminated: 0 });
  });
});

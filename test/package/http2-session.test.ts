import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { Upgrader } from "../../src/server/index.js";
import { HalyardProcess } from "../support/halyard-process.js";
import { Http2Peer } from "../support/http2-peer.js";
import { until } from "../support/turns.js";

test("a program ends with its last connection: the HTTP/2 session that is kept for the next does not hold it", async () => {
  const upgrader = new Upgrader();
  const peer = await Http2Peer.start((stream, headers) => {
    stream.session?.once("goaway", () => (hasSaidGoodbye = true)); // as the client does when a session has been idle
    upgrader.serveStream(stream, headers, { message: (socket, message) => socket.write(message) });
  });
  let hasSaidGoodbye = false;
  const program = `
    import { connect } from "halyard/client";
    const connection = await connect("${peer.url}", { http2: true });
    await connection.send("hello");
    console.log(await connection.receive());
    await connection.close();`;
  const child = HalyardProcess.of(spawn(process.execPath, ["--input-type=module", "-e", program]));
  expect((await child.exited).code).toBe(0);
  expect(child.stdout).toBe("hello\n");
  await until(() => peer.sessions[0]?.destroyed === true);
  expect(hasSaidGoodbye).toBe(false);
});

import { once } from "node:events";
import { connect, constants, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { limitRequest } from "../../src/server/request-deadline.js";
import { timersOf } from "../support/clocked-meeting.js";
import { FakeClock } from "../support/fake-clock.js";
import { nextTurn, until } from "../support/turns.js";

test("a request over HTTP/2 whose body does not end is reset at the deadline; one that has ended is not", async () => {
  const clock = new FakeClock();
  const timers = timersOf(clock);
  const bodies: string[] = [];
  const http2 = createServer();
  http2.on("stream", (stream) => {
    limitRequest(stream, 1_000, timers);
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => void bodies.push(chunk.toString()));
  });
  http2.listen(0, "127.0.0.1");
  await once(http2, "listening");
  const session = connect(`http://127.0.0.1:${(http2.address() as AddressInfo).port}`);
  onTestFinished(() => {
    session.destroy();
    http2.close();
  });
  const unended = session.request({ ":method": "POST" });
  const ended = session.request({ ":method": "POST" });
  const none = session.request({ ":method": "GET" });
  for (const each of [unended, ended, none]) each.on("error", () => {});
  unended.write("begun");
  ended.end("done");
  await until(() => bodies.length === 2 && clock.isTicking);
  await new Promise((resolve) => void session.ping(resolve));
  clock.advance(900);
  expect(unended.destroyed).toBe(false);
  clock.advance(200);
  if (!unended.closed) await once(unended, "close");
  await nextTurn(); // Node 20 never comes back from ending a session in the turn in which a stream was reset
  expect(unended.rstCode).toBe(constants.NGHTTP2_CANCEL);
  expect([ended.closed, none.closed]).toEqual([false, false]);
});

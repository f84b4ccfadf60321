import { afterAll, describe, test } from "vitest";
import { WebSocketError, WebSocketStream } from "../../src/web/index.js";
import { SuiteServer } from "./support/suite-server.js";
import { streamExpectations } from "./web-socket-stream-suite.js";

const server = await SuiteServer.start();
afterAll(() => server.stop());

describe("the WebSocketStream of halyard/web, as Chromium has it", () => {
  test.each(Object.entries(streamExpectations))("%s", async (_, expectation) => {
    await expectation({ WebSocketStream, WebSocketError, base: server.base });
  });
});

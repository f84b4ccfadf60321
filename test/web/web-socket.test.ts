import { afterAll, describe, test } from "vitest";
import { WebSocket } from "../../src/web/index.js";
import { SuiteServer } from "./support/suite-server.js";
import { expectations, nodeOnly } from "./web-socket-suite.js";

const server = await SuiteServer.start();
afterAll(() => server.stop());

describe("the WebSocket of halyard/web, as the web has it", () => {
  test.each(Object.entries({ ...expectations, ...nodeOnly }))("%s", async (_, expectation) => {
    await expectation({ WebSocket, base: server.base });
  });
});

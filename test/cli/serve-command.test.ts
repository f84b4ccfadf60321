import { expect, test } from "vitest";
import { parseFlags } from "../../src/cli/flags.js";
import { closeOptionsOf } from "../../src/cli/serve-command.js";
import { serveFlags } from "../../src/cli/serve-flags.js";

test.each([
  [[], 10_000],
  [["--close-timeout-ms", "50"], 10_000],
  [["--close-timeout-ms", "30000"], 30_000],
])("closeOptionsOf() leaves every closing handshake its time: %j", (args, deadlineMs) => {
  expect(closeOptionsOf(parseFlags(serveFlags, args))).toMatchObject({ code: 1001, deadlineMs });
});

import { describe, expect, test } from "vitest";
import { findModernNode } from "../support/other-node.js";
import { requirement } from "../support/requirement.js";
import { nodeDifferences } from "../web/support/known-differences.js";
import { failuresOfNode, majorOf } from "../web/support/other-implementations.js";
import { SuiteServer } from "../web/support/suite-server.js";
import { expectations } from "../web/web-socket-suite.js";

const modernNode = findModernNode();

describe.runIf(requirement("WebSocket of Node tests: Node 22", modernNode !== undefined, "npx -y -p node@22 node -v"))(
  "the WebSocket class of Node",
  { timeout: 40_000 },
  () => {
    test("differs from what the web has, and ours does, in what is listed and nothing else", async () => {
      const server = await SuiteServer.start();
      try {
        const program = modernNode as string;
        const failed = Object.keys(await failuresOfNode(program, server.base)).toSorted();
        const major = majorOf(program);
        const known = Object.entries(nodeDifferences).filter(([, difference]) => difference.in.includes(major));
        // Of the versions that nobody has looked at, anything listed may be true.
        const isKnownVersion = known.length > 0;
        const names = (isKnownVersion ? known.map(([name]) => name) : Object.keys(nodeDifferences)).toSorted();
        if (isKnownVersion) expect(failed).toEqual(names);
        else expect(names).toEqual(expect.arrayContaining(failed));
      } finally {
        server.stop();
      }
    });

    test("has no difference listed that is not an expectation", () => {
      expect(Object.keys(expectations)).toEqual(expect.arrayContaining(Object.keys(nodeDifferences)));
    });
  },
);

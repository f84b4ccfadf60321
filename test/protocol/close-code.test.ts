import { describe, expect, test } from "vitest";
import { CloseCode, isCloseCodeOnWire } from "../../src/protocol/close-code.js";

describe("a close code in a close frame", () => {
  const ranges = [
    { section: "7.4.2", what: "is not used", from: 0, to: 999, isAllowed: false },
    { section: "7.4.1", what: "is defined", from: 1000, to: 1003, isAllowed: true },
    { section: "7.4.1", what: "is reserved, or MUST NOT be set", from: 1004, to: 1006, isAllowed: false },
    { section: "7.4.1", what: "is defined, there or in the registry", from: 1007, to: 1014, isAllowed: true },
    { section: "7.4.1", what: "MUST NOT be set", from: 1015, to: 1015, isAllowed: false },
    { section: "7.4.2", what: "waits for a revision of the protocol", from: 1016, to: 2999, isAllowed: false },
    { section: "7.4.2", what: "is for libraries and frameworks", from: 3000, to: 3999, isAllowed: true },
    { section: "7.4.2", what: "is for private use", from: 4000, to: 4999, isAllowed: true },
    { section: "7.4.2", what: "has no meaning", from: 5000, to: 65535, isAllowed: false },
  ];

  test.each(ranges)("RFC 6455 §$section: $what from $from to $to", ({ from, to, isAllowed }) => {
    for (let code = from; code <= to; code++) {
      if (isCloseCodeOnWire(code) !== isAllowed) expect.fail(`code ${code}`);
    }
  });

  test("is covered by these ranges", () => {
    expect(ranges.map(({ from }) => from)).toEqual([0, ...ranges.slice(0, -1).map(({ to }) => to + 1)]);
    expect(ranges.at(-1)!.to).toBe(65535);
  });

  test.each([NaN, Infinity, -Infinity, -1000, 999.5, 1000.5, 3000.1, 65536 + 1000, 2 ** 32 + 1000])(
    "is not %d",
    (code) => {
      expect(isCloseCodeOnWire(code)).toBe(false);
    },
  );
});

describe("RFC 6455 §7.4.1: the close codes", () => {
  test("have the numbers that the RFC and the registry of IANA give them", () => {
    expect(CloseCode).toEqual({
      normal: 1000,
      goingAway: 1001,
      protocolError: 1002,
      unsupportedData: 1003,
      noStatus: 1005,
      abnormal: 1006,
      invalidPayload: 1007,
      policyViolation: 1008,
      messageTooBig: 1009,
      mandatoryExtension: 1010,
      internalError: 1011,
      serviceRestart: 1012,
      tryAgainLater: 1013,
      badGateway: 1014,
      tlsHandshake: 1015,
    });
  });

  test("may stand on the wire but for those that report what happened without a close frame", () => {
    const never = Object.entries(CloseCode).filter(([, code]) => !isCloseCodeOnWire(code));
    expect(never.map(([name]) => name)).toEqual(["noStatus", "abnormal", "tlsHandshake"]);
  });
});

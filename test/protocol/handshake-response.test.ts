import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ResponseFaultCode, responseFaults } from "../../src/protocol/response-fault.js";
import { countCharacterReads } from "./support/character-reads.js";
import type { Header } from "./support/handshake-requests.js";
import { ACCEPT, agreement, answer, answerWith, failure, readAnswer } from "./support/handshake-responses.js";
import { responseViolations } from "./support/response-violations.js";

describe("an answer to an opening handshake opens nothing for", () => {
  for (const [code, { by }] of Object.entries(responseViolations)) {
    for (const { what, headers = answer, response, expected } of by) {
      test(`${what}: ${code}`, () => {
        expect(readAnswer(headers, response, expected)).toEqual(failure(code as ResponseFaultCode));
      });
    }
  }

  test("every reason that the table of response faults has, and no other", () => {
    expect(Object.keys(responseViolations).toSorted()).toEqual(Object.keys(responseFaults).toSorted());
  });
});

describe("the table of response faults", () => {
  test.each(Object.entries(responseViolations))("names the part that %s is in", (code, { subject }) => {
    expect(responseFaults[code as ResponseFaultCode].subject).toBe(subject);
  });
});

describe("an answer to an opening handshake opens a WebSocket", () => {
  test("RFC 6455 §4.1: with what is required and nothing else", () => {
    expect(readAnswer(answer)).toEqual(agreement());
  });

  test("RFC 6455 §1.2: as in the example of the RFC", () => {
    expect(readAnswer([...answer, ["Sec-WebSocket-Protocol", "chat"]])).toEqual(agreement({ subprotocol: "chat" }));
  });

  test.each(["1.1", "1.2", "2.0"])("over HTTP version %s", (httpVersion) => {
    expect(readAnswer(answer, { httpVersion })).toEqual(agreement());
  });

  test("with header names in any case, and in any order", () => {
    expect(readAnswer(answer.map(([name, value]) => [name.toUpperCase(), value]))).toEqual(agreement());
    expect(readAnswer(answer.map(([name, value]): Header => [name.toLowerCase(), value]).toReversed())).toEqual(
      agreement(),
    );
  });

  test.each(["WebSocket", "WEBSOCKET", " \twebsocket\t"])("RFC 6455 §4.1: with Upgrade %j", (value) => {
    expect(readAnswer(answerWith("Upgrade", value))).toEqual(agreement());
  });

  test.each([[["upgrade"]], [["UPGRADE"]], [["keep-alive, Upgrade"]], [["keep-alive", "Upgrade"]], [[",Upgrade,"]]])(
    "RFC 6455 §4.1: with Connection %j",
    (values) => {
      expect(readAnswer(answerWith("Connection", ...values))).toEqual(agreement());
    },
  );

  test("RFC 6455 §4.1: with white space around Sec-WebSocket-Accept", () => {
    expect(readAnswer(answerWith("Sec-WebSocket-Accept", ` \t${ACCEPT} `))).toEqual(agreement());
  });

  test("RFC 6455 §4.1: with any one of the subprotocols offered, or none", () => {
    for (const subprotocol of ["chat", "superchat"]) {
      expect(readAnswer([...answer, ["sec-websocket-protocol", ` ${subprotocol} `]])).toEqual(
        agreement({ subprotocol }),
      );
    }
  });

  test("RFC 7692 §7.1: with compression as it was offered, or without any", () => {
    const value = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10";
    expect(readAnswer([...answer, ["Sec-WebSocket-Extensions", value]])).toEqual(
      agreement({
        deflate: { ours: { contextTakeover: true, windowBits: 15 }, peers: { contextTakeover: false, windowBits: 10 } },
      }),
    );
    expect(readAnswer(answer)).toEqual(agreement());
    expect(readAnswer(answer, {}, { deflate: undefined })).toEqual(agreement());
  });

  test("with other headers, which are not looked at", () => {
    const others = ["__proto__", "constructor", "toString", "Set-Cookie", "Sec-WebSocket-Version", ""];
    const headers = others.flatMap((name): Header[] => [
      [name, "a"],
      [name, "\0 b"],
    ]);
    expect(readAnswer([...answer, ...headers])).toEqual(agreement());
  });

  test("with a name without a value at the end of its headers, as no parser gives it", () => {
    expect(readAnswer(answer, { rawHeaders: [...answer.flat(), "Upgrade"] })).toEqual(agreement());
  });
});

describe("an answer to an opening handshake", () => {
  test("with several faults is judged by the first in the order of the table", () => {
    const bad: Record<string, readonly string[]> = {
      Upgrade: [],
      Connection: [],
      "Sec-WebSocket-Accept": [],
      "Sec-WebSocket-Extensions": ["a", "b"],
      "Sec-WebSocket-Protocol": ["a", "b"],
    };
    const response = { status: 200, httpVersion: "1.0" };
    /** What to mend so that the next fault shows, in the order of the table. */
    const mend: readonly (() => unknown)[] = [
      () => (response.status = 101),
      () => (response.httpVersion = "1.1"),
      () => (bad["Upgrade"] = ["websocket"]),
      () => (bad["Connection"] = ["Upgrade"]),
      () => (bad["Sec-WebSocket-Accept"] = ["a", "b"]),
      () => (bad["Sec-WebSocket-Accept"] = ["a"]),
      () => (bad["Sec-WebSocket-Accept"] = [ACCEPT]),
      () => (bad["Sec-WebSocket-Extensions"] = [";"]),
      () => (bad["Sec-WebSocket-Extensions"] = ["a, a"]),
      () => (bad["Sec-WebSocket-Extensions"] = ["permessage-deflate, permessage-deflate"]),
      () => (bad["Sec-WebSocket-Extensions"] = ["permessage-deflate; a"]),
      () => (bad["Sec-WebSocket-Extensions"] = [`permessage-deflate${"; server_no_context_takeover".repeat(2)}`]),
      () => (bad["Sec-WebSocket-Extensions"] = ["permessage-deflate; server_no_context_takeover=1"]),
      () => (bad["Sec-WebSocket-Extensions"] = ["permessage-deflate"]),
      () => (bad["Sec-WebSocket-Extensions"] = []),
      () => (bad["Sec-WebSocket-Protocol"] = ["a"]),
      () => (bad["Sec-WebSocket-Protocol"] = ["chat"]),
    ];
    const reported = mend.map((step) => {
      const headers = Object.entries(bad).flatMap(([name, values]) => values.map((value): Header => [name, value]));
      const result = readAnswer(headers, response);
      step();
      return result.kind === "failure" ? result.fault : "none";
    });
    expect(reported).toEqual(Object.keys(responseFaults));
  });

  test("of any headers never throws, and agrees on nothing that was not offered", () => {
    const name = fc.oneof(
      fc.constantFrom("Upgrade", "Connection", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"),
      fc.string(),
    );
    const value = fc.oneof(fc.constantFrom("websocket", "Upgrade", "chat", "x-other; a", ""), fc.string());
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), fc.boolean(), (headers, isComplete) => {
        const result = readAnswer(isComplete ? [...answer, ...headers] : headers);
        if (result.kind === "failure") {
          expect(responseFaults).toHaveProperty(result.fault);
          return;
        }
        expect(["", "chat", "superchat"]).toContain(result.subprotocol);
        expect(result.deflate?.peers.contextTakeover ?? false).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test("of 64 KiB of one header or of many is read in a few steps a character", () => {
    const long = "a,".repeat(32 * 1024);
    for (const name of ["Connection", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "X-Other"]) {
      const reads = countCharacterReads(() => readAnswer([...answer, [name, long]]));
      expect(reads, name).toBeLessThanOrEqual(5 * long.length);
    }
    const many = Array.from({ length: 16 * 1024 }, (_, index): Header => ["Connection", `a${index % 10}`]);
    expect(countCharacterReads(() => readAnswer([...many, ...answer]))).toBeLessThanOrEqual(10 * 2 * many.length);
  });
});

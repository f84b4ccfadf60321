import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseExtensionOffers } from "../../src/protocol/extension-offer.js";
import {
  acceptDeflate,
  type DeflateAgreement,
  type DeflateDirection,
  formatDeflateOffer,
  readDeflateAnswer,
} from "../../src/protocol/permessage-deflate.js";

const keep = (windowBits: number): DeflateDirection => ({ contextTakeover: true, windowBits });
const drop = (windowBits: number): DeflateDirection => ({ contextTakeover: false, windowBits });

/** An endpoint that is ready for anything. */
const anything: DeflateAgreement = { ours: keep(15), peers: keep(15) };

/** What a server with `most` answers to the header `offers`. */
function accept(offers: string, most: DeflateAgreement = anything): ReturnType<typeof acceptDeflate> {
  return acceptDeflate(parseExtensionOffers([offers])!, most);
}

/** What a client that offered `most` makes of the header `answer`. */
function read(answer: string, most: DeflateAgreement = anything): ReturnType<typeof readDeflateAnswer> {
  return readDeflateAnswer(parseExtensionOffers([answer])![0], most);
}

describe("RFC 7692 §7.1: a server ready for anything accepts", () => {
  test.each<[string, string, DeflateAgreement]>([
    ["", "", anything],
    ["; server_no_context_takeover", "; server_no_context_takeover", { ours: drop(15), peers: keep(15) }],
    ["; client_no_context_takeover", "; client_no_context_takeover", { ours: keep(15), peers: drop(15) }],
    [
      "; client_no_context_takeover; server_no_context_takeover",
      "; server_no_context_takeover; client_no_context_takeover",
      { ours: drop(15), peers: drop(15) },
    ],
    ["; server_max_window_bits=15", "; server_max_window_bits=15", anything],
    ["; server_max_window_bits=9", "; server_max_window_bits=9", { ours: keep(9), peers: keep(15) }],
    ['; server_max_window_bits="10"', "; server_max_window_bits=10", { ours: keep(10), peers: keep(15) }],
    ["; client_max_window_bits", "", anything],
    ["; client_max_window_bits=15", "", anything],
    ["; client_max_window_bits=14", "; client_max_window_bits=14", { ours: keep(15), peers: keep(14) }],
    ["; client_max_window_bits=8", "; client_max_window_bits=8", { ours: keep(15), peers: keep(8) }],
    [
      "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=11",
      "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=11",
      { ours: drop(12), peers: drop(11) },
    ],
  ])("permessage-deflate%s and answers with permessage-deflate%s", (offer, response, agreement) => {
    expect(accept(`permessage-deflate${offer}`)).toEqual({ agreement, response: `permessage-deflate${response}` });
  });
});

describe("RFC 7692 §7.1: a server declines", () => {
  test.each([
    ["no offer at all", "x-other"],
    ["another extension whose name begins alike", "permessage-deflate2"],
    ["the name in capitals, which is another", "Permessage-Deflate"],
    ["an unknown parameter", "permessage-deflate; unknown"],
    ["a parameter in capitals, which is another", "permessage-deflate; Server_No_Context_Takeover"],
    ["a parameter named as a member of every object", "permessage-deflate; __proto__"],
    ["a parameter named as a method of every object", "permessage-deflate; constructor=10"],
    ["a parameter twice", "permessage-deflate; server_no_context_takeover; server_no_context_takeover"],
    ["a parameter twice with one value", "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10"],
    ["a parameter twice with two values", "permessage-deflate; client_max_window_bits; client_max_window_bits=10"],
    ["a value where none is taken", "permessage-deflate; server_no_context_takeover=true"],
    ["a value where none is taken", "permessage-deflate; client_no_context_takeover=1"],
    ["no value where one is needed", "permessage-deflate; server_max_window_bits"],
    ["a window of 512 bits", "permessage-deflate; server_max_window_bits=512"],
    ["a window of 7 bits", "permessage-deflate; client_max_window_bits=7"],
    ["a window of 16 bits", "permessage-deflate; client_max_window_bits=16"],
    ["a window of 7 bits", "permessage-deflate; server_max_window_bits=7"],
    ["a window of 16 bits", "permessage-deflate; server_max_window_bits=16"],
    ["a leading zero", "permessage-deflate; server_max_window_bits=09"],
    ["a leading zero", "permessage-deflate; client_max_window_bits=010"],
    ["a fraction", "permessage-deflate; server_max_window_bits=10.0"],
    ["a sign", "permessage-deflate; server_max_window_bits=+10"],
    ["an exponent", "permessage-deflate; server_max_window_bits=1e1"],
    ["hexadecimal digits", "permessage-deflate; client_max_window_bits=0xa"],
    ["a word", "permessage-deflate; client_max_window_bits=true"],
    ["our window of 256 bytes, which zlib cannot keep to", "permessage-deflate; server_max_window_bits=8"],
  ])("%s (%s)", (_, offers) => {
    expect(accept(offers)).toBeUndefined();
  });

  test("nothing, and accepts nothing, where there is no header", () => {
    expect(acceptDeflate([], anything)).toBeUndefined();
  });
});

describe("RFC 7692 §5: of several offers", () => {
  test.each([
    ["the first is taken", "permessage-deflate; server_max_window_bits=10, permessage-deflate", 10],
    [
      "the first that can be accepted is taken",
      "permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=9, permessage-deflate",
      9,
    ],
    ["one that is invalid is passed over", "permessage-deflate; nothing, permessage-deflate", 15],
    ["other extensions are passed over", "x-webkit-deflate-frame, permessage-deflate, x-other", 15],
    ["an unknown one does not lend its parameters", "x-other; server_max_window_bits=9, permessage-deflate", 15],
  ])("%s", (_, offers, windowBits) => {
    expect(accept(offers)?.agreement).toEqual({ ours: keep(windowBits), peers: keep(15) });
  });
});

describe("a server that is not ready for everything", () => {
  test("RFC 7692 §7.1.1.1: says that it keeps no context, though nobody asked", () => {
    expect(accept("permessage-deflate", { ours: drop(15), peers: keep(15) })).toEqual({
      agreement: { ours: drop(15), peers: keep(15) },
      response: "permessage-deflate; server_no_context_takeover",
    });
  });

  test("RFC 7692 §7.1.1.2: has any client keep no context", () => {
    expect(accept("permessage-deflate", { ours: keep(15), peers: drop(15) })).toEqual({
      agreement: { ours: keep(15), peers: drop(15) },
      response: "permessage-deflate; client_no_context_takeover",
    });
  });

  test.each([
    ["permessage-deflate", 12],
    ["permessage-deflate; server_max_window_bits=15", 12],
    ["permessage-deflate; server_max_window_bits=12", 12],
    ["permessage-deflate; server_max_window_bits=11", 11],
  ])("RFC 7692 §7.1.2.1: limits its own window to what both allow (%s)", (offer, windowBits) => {
    expect(accept(offer, { ours: keep(12), peers: keep(15) })).toEqual({
      agreement: { ours: keep(windowBits), peers: keep(15) },
      response: `permessage-deflate; server_max_window_bits=${windowBits}`,
    });
  });

  test.each([
    ["permessage-deflate; client_max_window_bits", 12],
    ["permessage-deflate; client_max_window_bits=15", 12],
    ["permessage-deflate; client_max_window_bits=12", 12],
    ["permessage-deflate; client_max_window_bits=11", 11],
  ])("RFC 7692 §7.1.2.2: limits the client's window to what both allow (%s)", (offer, windowBits) => {
    expect(accept(offer, { ours: keep(15), peers: keep(12) })).toEqual({
      agreement: { ours: keep(15), peers: keep(windowBits) },
      response: `permessage-deflate; client_max_window_bits=${windowBits}`,
    });
  });

  test("RFC 7692 §7.1.2.2: does not limit the window of a client that did not say that it can be", () => {
    expect(accept("permessage-deflate", { ours: keep(15), peers: keep(9) })).toEqual({
      agreement: anything,
      response: "permessage-deflate",
    });
  });
});

describe("a client's offer", () => {
  test.each<[string, DeflateAgreement]>([
    ["permessage-deflate; client_max_window_bits", anything],
    ["permessage-deflate; client_no_context_takeover; client_max_window_bits", { ours: drop(15), peers: keep(15) }],
    ["permessage-deflate; server_no_context_takeover; client_max_window_bits", { ours: keep(15), peers: drop(15) }],
  ])("is %s", (offer, most) => {
    expect(formatDeflateOffer(most)).toBe(offer);
  });

  test.each<[string, string, DeflateAgreement]>([
    [
      "permessage-deflate; client_max_window_bits=9",
      "permessage-deflate; client_max_window_bits",
      { ours: keep(9), peers: keep(15) },
    ],
    [
      "permessage-deflate; server_max_window_bits=12; client_max_window_bits",
      "permessage-deflate; client_max_window_bits",
      { ours: keep(15), peers: keep(12) },
    ],
    [
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; " +
        "client_max_window_bits=11",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
      { ours: drop(11), peers: drop(10) },
    ],
  ])("that limits a window is %s, and without the limit %s", (offer, second, most) => {
    expect(formatDeflateOffer(most)).toBe(`${offer}, ${second}`);
  });
});

describe("RFC 7692 §7.1: a client that offered anything takes the answer", () => {
  test.each<[string, DeflateAgreement]>([
    ["", anything],
    ["; server_no_context_takeover", { ours: keep(15), peers: drop(15) }],
    ["; client_no_context_takeover", { ours: drop(15), peers: keep(15) }],
    ["; server_max_window_bits=8", { ours: keep(15), peers: keep(8) }],
    ["; server_max_window_bits=15", anything],
    ["; client_max_window_bits=8", { ours: keep(8), peers: keep(15) }],
    ["; client_max_window_bits=15", anything],
    [
      "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10",
      { ours: drop(10), peers: drop(9) },
    ],
  ])("permessage-deflate%s", (answer, agreement) => {
    expect(read(`permessage-deflate${answer}`)).toEqual(agreement);
  });

  test("that there is no compression", () => {
    expect(readDeflateAnswer(undefined, anything)).toBeUndefined();
  });
});

describe("a client holds itself to its own offer", () => {
  test("RFC 7692 §7.1.1.2: and keeps no context when it said so, though the server does not repeat it", () => {
    expect(read("permessage-deflate", { ours: drop(15), peers: keep(15) })).toEqual({
      ours: drop(15),
      peers: keep(15),
    });
  });

  test.each([
    ["permessage-deflate", 11],
    ["permessage-deflate; client_max_window_bits=15", 11],
    ["permessage-deflate; client_max_window_bits=11", 11],
    ["permessage-deflate; client_max_window_bits=10", 10],
  ])("RFC 7692 §7.1.2.2: and to its window, however much wider one the server allows (%s)", (answer, windowBits) => {
    const most = { ours: keep(11), peers: keep(15) };
    expect(read(answer, most)).toEqual({ ours: keep(windowBits), peers: keep(15) });
  });
});

describe("a client takes a wider window than it asked for, as its second offer says", () => {
  test.each([
    ["permessage-deflate", 15],
    ["permessage-deflate; server_max_window_bits=14", 14],
    ["permessage-deflate; server_max_window_bits=9", 9],
  ])("%s", (answer, windowBits) => {
    expect(read(answer, { ours: keep(15), peers: keep(12) })).toEqual({ ours: keep(15), peers: keep(windowBits) });
  });
});

describe("RFC 7692 §7.1: a client fails the connection over", () => {
  const strict: DeflateAgreement = { ours: drop(15), peers: drop(12) };

  test.each<[string, string, DeflateAgreement]>([
    ["deflate-parameter-unknown", "permessage-deflate; unknown", anything],
    ["deflate-parameter-unknown", "permessage-deflate; __proto__=1", anything],
    ["deflate-parameter-unknown", "permessage-deflate; hasOwnProperty", anything],
    ["deflate-parameter-repeated", "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", anything],
    [
      "deflate-parameter-repeated",
      "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
      anything,
    ],
    ["deflate-parameter-invalid", "permessage-deflate; client_no_context_takeover=1", anything],
    ["deflate-parameter-invalid", "permessage-deflate; server_no_context_takeover=1", anything],
    ["deflate-parameter-invalid", "permessage-deflate; server_max_window_bits", anything],
    ["deflate-parameter-invalid", "permessage-deflate; server_max_window_bits=16", anything],
    ["deflate-parameter-invalid", "permessage-deflate; client_max_window_bits", anything],
    ["deflate-parameter-invalid", "permessage-deflate; client_max_window_bits=08", anything],
    ["deflate-takeover-kept", "permessage-deflate; server_max_window_bits=12", strict],
  ])("%s (%s)", (fault, answer, most) => {
    expect(read(answer, most)).toBe(fault);
  });
});

describe("a client and a server", () => {
  const direction = fc.record({ contextTakeover: fc.boolean(), windowBits: fc.integer({ min: 9, max: 15 }) });
  const readiness = fc.record({ ours: direction, peers: direction });

  test("agree on the same, which neither is not ready for", () => {
    fc.assert(
      fc.property(readiness, readiness, (client, server) => {
        const { agreement, response } = accept(formatDeflateOffer(client), server)!;
        expect(read(response, client)).toEqual({ ours: agreement.peers, peers: agreement.ours });
        expect(agreement).toEqual({
          ours: narrower(server.ours, client.peers),
          peers: narrower(server.peers, client.ours),
        });
      }),
      { numRuns: 500 },
    );
  });

  function narrower(one: DeflateDirection, other: DeflateDirection): DeflateDirection {
    return {
      contextTakeover: one.contextTakeover && other.contextTakeover,
      windowBits: Math.min(one.windowBits, other.windowBits),
    };
  }
});

describe("every list of parameters", () => {
  const name = fc.constantFrom(
    "server_no_context_takeover",
    "client_no_context_takeover",
    "server_max_window_bits",
    "client_max_window_bits",
    "toString",
  );
  const value = fc.constantFrom<string | true>(true, "8", "9", "15", "16", "09", "");
  const parameters = fc.array(fc.record({ name, value }), { maxLength: 5 });

  const takesNoValue = ["server_no_context_takeover", "client_no_context_takeover"];
  const isBits = (text: string | true): boolean => text !== true && /^(?:[89]|1[0-5])$/.test(text);

  test("is accepted or declined as the rules of RFC 7692 §7.1, written down once more, say", () => {
    fc.assert(
      fc.property(parameters, (list) => {
        const isValid = list.every(
          (each) =>
            each.name !== "toString" &&
            (takesNoValue.includes(each.name)
              ? each.value === true
              : isBits(each.value) || (each.name === "client_max_window_bits" && each.value === true)),
        );
        const isUnique = new Set(list.map((each) => each.name)).size === list.length;
        const isSupported = !list.some((each) => each.name === "server_max_window_bits" && each.value === "8");
        const acceptance = acceptDeflate([{ name: "permessage-deflate", parameters: list }], anything);
        expect(acceptance !== undefined).toBe(isValid && isUnique && isSupported);
      }),
      { numRuns: 1000 },
    );
  });

  test("in an answer gives an agreement or a fault, and never throws", () => {
    fc.assert(
      fc.property(parameters, (list) => {
        const answer = readDeflateAnswer({ name: "permessage-deflate", parameters: list }, anything);
        expect(["object", "string"]).toContain(typeof answer);
      }),
      { numRuns: 500 },
    );
  });
});

import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProxyHeaderReader } from "../../../src/server/proxy/proxy-header.js";
import { proxyV2, V2_FAMILY } from "../support/proxy-v2.js";

type Verdict = { readonly header: unknown; readonly rest: string } | { readonly malformed: string } | "incomplete";

/** What a reader makes of the chunks; with what is left of them. */
function read(...chunks: readonly (string | Uint8Array)[]): Verdict {
  const reader = new ProxyHeaderReader();
  for (const [index, chunk] of chunks.entries()) {
    const progress = reader.push(Buffer.from(chunk as string, "latin1"));
    if (progress.kind === "malformed") return { malformed: progress.reason };
    if (progress.kind === "incomplete") continue;
    const later = chunks.slice(index + 1).map((each) => Buffer.from(each as string, "latin1"));
    return { header: progress.header, rest: Buffer.concat([progress.rest, ...later]).toString("latin1") };
  }
  return "incomplete";
}

const client = (address: string, port: number) => ({ kind: "client", source: { address, port } });

describe("version 1", () => {
  test.each([
    ["PROXY TCP4 192.0.2.1 203.0.113.2 56324 443", client("192.0.2.1", 56_324)],
    ["PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535", client("255.255.255.255", 65_535)],
    ["PROXY TCP6 2001:db8::1 2001:db8::2 0 443", client("2001:db8::1", 0)],
    ["PROXY TCP6 ::ffff:192.0.2.1 ::1 5 443", client("192.0.2.1", 5)],
    ["PROXY UNKNOWN", { kind: "unnamed-client" }],
    [
      "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535",
      { kind: "unnamed-client" },
    ],
  ])("§2.1: %s", (line, header) => {
    expect(read(`${line}\r\nGET / HTTP/1.1`)).toEqual({ header, rest: "GET / HTTP/1.1" });
  });

  test.each([
    "GET / HTTP/1.1",
    "proxy TCP4 192.0.2.1 203.0.113.2 1 2",
    "PROXY",
    "PROXY ",
    "PROXY TCP5 192.0.2.1 203.0.113.2 1 2",
    "PROXY  TCP4 192.0.2.1 203.0.113.2 1 2",
    "PROXY TCP4 192.0.2.1 203.0.113.2 1",
    "PROXY TCP4 192.0.2.1 203.0.113.2 1 2 3",
    "PROXY TCP4 192.0.2.1 203.0.113.2 1 2 ",
    "PROXY TCP4 192.0.2.1 203.0.113.2 01 2",
    "PROXY TCP4 192.0.2.1 203.0.113.2 65536 2",
    "PROXY TCP4 192.0.2.1 203.0.113.2 -1 2",
    "PROXY TCP4 192.0.2.1 example.com 1 2",
    "PROXY TCP4 2001:db8::1 2001:db8::2 1 2",
    "PROXY TCP6 192.0.2.1 203.0.113.2 1 2",
    "PROXY TCP6 fe80::1%eth0 ::1 1 2",
    "PROXY TCP4 192.0.2.1 203.0.113.2 1 2\n",
  ])("refuses %j", (line) => expect(read(`${line}\r\n`)).toHaveProperty("malformed"));

  test("ends within 107 bytes", () => {
    expect(read(`PROXY UNKNOWN${" ".repeat(92)}\r\n`)).toEqual({ header: { kind: "unnamed-client" }, rest: "" });
    expect(read(`PROXY UNKNOWN${" ".repeat(94)}`)).toEqual({ malformed: "a line of version 1 has at most 107 bytes" });
    expect(read(`PROXY UNKNOWN${" ".repeat(93)}`)).toBe("incomplete");
  });

  test("is refused at the first byte that is none of it", () => {
    expect(read("PRI * HTTP/2.0")).toEqual({ malformed: "it does not begin with a PROXY header" });
    expect(read("\x16\x03\x01")).toEqual({ malformed: "it does not begin with a PROXY header" });
  });
});

describe("version 2", () => {
  const v4 = [192, 0, 2, 1, 203, 0, 113, 2, 0xdc, 0x04, 0x01, 0xbb];
  const v6 = [...Array.from({ length: 32 }, (_, i) => (i === 0 ? 0x20 : i === 15 ? 1 : 0)), 0xdc, 0x04, 0x01, 0xbb];
  const mapped = [...Array.from({ length: 10 }, () => 0), 255, 255, 192, 0, 2, 1, ...v6.slice(16)];
  const unix = Array.from({ length: 216 }, () => 0x61);
  const tlvs = [0x04, 0, 3, 1, 2, 3, 0x20, 0xff, 0xff];

  test.each([
    ["TCP over IPv4", V2_FAMILY.tcp4, v4, client("192.0.2.1", 56_324)],
    ["TCP over IPv6", V2_FAMILY.tcp6, v6, client("2000::1", 56_324)],
    ["TCP over IPv4 in IPv6", V2_FAMILY.tcp6, mapped, client("192.0.2.1", 56_324)],
    ["a Unix stream", V2_FAMILY.unix, unix, { kind: "unnamed-client" }],
    ["an unspecified family", V2_FAMILY.unspecified, [], { kind: "unnamed-client" }],
  ])("§2.2: reads %s, with extensions and without, however it is cut", (_what, family, block, header) => {
    for (const extra of [[], tlvs]) {
      const bytes = proxyV2(family, [...block, ...extra]);
      expect(read(bytes, "rest")).toEqual({ header, rest: "rest" });
      expect(read(Buffer.concat([bytes, Buffer.from("rest")]))).toEqual({ header, rest: "rest" });
      fc.assert(
        fc.property(fc.nat(bytes.length), fc.nat(bytes.length), (a, b) => {
          const [first, last] = [Math.min(a, b), Math.max(a, b)];
          const pieces = [bytes.subarray(0, first), bytes.subarray(first, last), bytes.subarray(last)];
          expect(read(...pieces)).toEqual({ header, rest: "" });
        }),
      );
      expect(read(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual({ header, rest: "" });
    }
  });

  test("§2.2: LOCAL is the proxy itself, whatever else it says", () => {
    for (const [family, block] of [
      [V2_FAMILY.unspecified, []],
      [V2_FAMILY.tcp4, v4],
      [0xff, tlvs],
    ] as const) {
      expect(read(proxyV2(family, block, 0x20))).toEqual({ header: { kind: "local" }, rest: "" });
    }
  });

  test.each([
    ["another version", proxyV2(V2_FAMILY.tcp4, v4, 0x11)],
    ["another command", proxyV2(V2_FAMILY.tcp4, v4, 0x22)],
    ["a family that there is not", proxyV2(0x41, v4)],
    ["datagrams", proxyV2(0x12, v4)],
    ["IPv4 addresses cut short", proxyV2(V2_FAMILY.tcp4, v4.slice(1))],
    ["IPv6 addresses cut short", proxyV2(V2_FAMILY.tcp6, v6.slice(1))],
    ["paths cut short", proxyV2(V2_FAMILY.unix, unix.slice(1))],
    ["another signature", Buffer.from("\r\n\r\n\0\r\nQUIT\r")],
    [
      "64 KiB of extensions, at its announcement",
      proxyV2(
        V2_FAMILY.tcp4,
        Array.from({ length: 65_535 }, () => 0),
      ).subarray(0, 16),
    ],
  ])("refuses %s", (_what, bytes) => expect(read(bytes)).toHaveProperty("malformed"));

  test("takes up to 8 KiB", () => {
    const most = [...v4, ...Array.from({ length: 8_192 - 16 - v4.length }, () => 0)];
    expect(read(proxyV2(V2_FAMILY.tcp4, most))).toEqual({ header: client("192.0.2.1", 56_324), rest: "" });
    expect(read(proxyV2(V2_FAMILY.tcp4, [...most, 0]))).toHaveProperty("malformed");
  });
});

test("any bytes are incomplete, complete or malformed, and never an exception", () => {
  const head = fc.constantFrom(
    Buffer.from("PROXY TCP4 "),
    proxyV2(V2_FAMILY.tcp4, []).subarray(0, 12),
    Buffer.alloc(0),
  );
  fc.assert(fc.property(head, fc.uint8Array(), (first, noise) => void read(first, noise)));
});

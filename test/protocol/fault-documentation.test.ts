import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { faults, handshakeFaults, http2HandshakeFaults, responseFaults } from "../../src/protocol/index.js";

const document = readFileSync(resolve(import.meta.dirname, "../../docs/faults.md"), "utf8");

/** The rows of the table under `heading`, as the document writes them. */
function documentedRows(heading: string): string[] {
  const section = document.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2); // what comes first is the table's head
}

function link(section: string): string {
  return `[§${section}](https://www.rfc-editor.org/rfc/rfc6455#section-${section})`;
}

function linkToRfc(rfc: number, section: string): string {
  return `[RFC ${rfc} §${section}](https://www.rfc-editor.org/rfc/rfc${rfc}#section-${section})`;
}

describe("docs/faults.md", () => {
  test("documents every fault of a frame with its close code and section, and no other, in order", () => {
    const rows = Object.entries(faults).map(([code, { closeCode, rfc, section, explanation }]) => {
      const where = rfc === undefined ? link(section) : linkToRfc(rfc, section);
      return `| \`${code}\` | ${closeCode} | ${where} | ${explanation} |`;
    });
    expect(documentedRows("On an open connection")).toEqual(rows);
  });

  test("documents every fault of a handshake with its status and section, and no other, in order", () => {
    const rows = Object.entries(handshakeFaults).map(
      ([code, { status, section, explanation }]) => `| \`${code}\` | ${status} | ${link(section)} | ${explanation} |`,
    );
    expect(documentedRows("In an opening handshake")).toEqual(rows);
  });

  test("documents every fault of a handshake over HTTP/2 with its status and section, and no other, in order", () => {
    const rows = Object.entries(http2HandshakeFaults).map(
      ([code, { status, rfc, section, explanation }]) =>
        `| \`${code}\` | ${status} | ${linkToRfc(rfc, section)} | ${explanation} |`,
    );
    expect(documentedRows("In an opening handshake over HTTP/2")).toEqual(rows);
  });

  test("documents every fault of an answer with its error and section, and no other, in order", () => {
    const rows = Object.entries(responseFaults).map(([code, { subject, rfc, section, explanation }]) => {
      const where = rfc === undefined ? link(section) : linkToRfc(rfc, section);
      return `| \`${code}\` | \`bad-${subject}\` | ${where} | ${explanation} |`;
    });
    expect(documentedRows("In a server's answer to an opening handshake")).toEqual(rows);
  });

  test("has no tables but these four", () => {
    const rows = document.split("\n").filter((line) => line.startsWith("| `"));
    const tables = [faults, handshakeFaults, http2HandshakeFaults, responseFaults];
    expect(rows).toHaveLength(tables.flatMap((table) => Object.keys(table)).length);
  });
});

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { faults, handshakeFaults, responseFaults } from "../../src/protocol/index.js";

const document = readFileSync(resolve(import.meta.dirname, "../../docs/faults.md"), "utf8");

/** The rows of the table under `heading`, as the document writes them. */
function documentedRows(heading: string): string[] {
  const section = document.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2); // what comes first is the table's head
}

function row(code: string, answer: number | string, section: string, explanation: string): string {
  return `| \`${code}\` | ${answer} | [§${section}](https://www.rfc-editor.org/rfc/rfc6455#section-${section}) | ${explanation} |`;
}

describe("docs/faults.md", () => {
  test("documents every fault of a frame with its close code and section, and no other, in order", () => {
    const rows = Object.entries(faults).map(([code, fault]) =>
      row(code, fault.closeCode, fault.section, fault.explanation),
    );
    expect(documentedRows("On an open connection")).toEqual(rows);
  });

  test("documents every fault of a handshake with its status and section, and no other, in order", () => {
    const rows = Object.entries(handshakeFaults).map(([code, fault]) =>
      row(code, fault.status, fault.section, fault.explanation),
    );
    expect(documentedRows("In an opening handshake")).toEqual(rows);
  });

  test("documents every fault of an answer with its error and section, and no other, in order", () => {
    const rows = Object.entries(responseFaults).map(([code, fault]) =>
      row(code, `\`bad-${fault.subject}\``, fault.section, fault.explanation),
    );
    expect(documentedRows("In a server's answer to an opening handshake")).toEqual(rows);
  });

  test("has no tables but these three", () => {
    const rows = document.split("\n").filter((line) => line.startsWith("| `"));
    expect(rows).toHaveLength([faults, handshakeFaults, responseFaults].flatMap((table) => Object.keys(table)).length);
  });
});

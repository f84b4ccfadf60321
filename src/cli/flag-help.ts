import type { Flag, FlagTable } from "./flags.js";

const WIDTH = 100;
const INDENT = 2;

/** The help of a command's flags: groups in the table's order, one flag a line, descriptions wrapped and aligned. */
export function describeFlags(table: FlagTable): string {
  const entries = Object.entries(table);
  const column = Math.max(...entries.map(([name, flag]) => usageOf(name, flag).length)) + 2 * INDENT;
  const groups = new Map<string, string[]>();
  for (const [name, flag] of entries) {
    const lines = wrap(flag.description + defaultOf(flag), WIDTH - column);
    const usage = (" ".repeat(INDENT) + usageOf(name, flag)).padEnd(column);
    const entry = usage + lines.join(`\n${" ".repeat(column)}`);
    groups.set(flag.group, [...(groups.get(flag.group) ?? []), entry]);
  }
  return [...groups].map(([group, flags]) => `${group}:\n${flags.join("\n")}\n`).join("\n");
}

function usageOf(name: string, flag: Flag): string {
  const names = flag.short === undefined ? `--${name}` : `-${flag.short}, --${name}`;
  return flag.kind === "switch" ? names : `${names} ${flag.placeholder}`;
}

function defaultOf(flag: Flag): string {
  if (flag.otherwise !== undefined) return ` (default: ${flag.otherwise})`;
  if (!("default" in flag)) return "";
  return ` (default: ${flag.kind === "limit" && flag.default === 0 ? "no limit" : flag.default})`;
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

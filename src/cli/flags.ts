import { parseArgs, type ParseArgsConfig } from "node:util";
import { CliError } from "./cli-error.js";

/** What help says of every flag. */
interface FlagText {
  /** The heading under which help lists it. */
  readonly group: string;
  readonly description: string;
  /** The default in words, where it is not a value of its own. */
  readonly otherwise?: string;
  /** One letter that stands for it after a single dash. */
  readonly short?: string;
}

/** On when it is given. */
interface SwitchFlag extends FlagText {
  readonly kind: "switch";
}

/** Takes any text. */
interface TextFlag extends FlagText {
  readonly kind: "text";
  readonly placeholder: string;
}

/** Takes any text and may be repeated. */
interface ListFlag extends FlagText {
  readonly kind: "list";
  readonly placeholder: string;
  /** Whether no text at all is a value, too. */
  readonly mayBeEmpty?: boolean;
}

/** Takes a whole number within bounds. */
interface CountFlag extends FlagText {
  readonly kind: "count";
  readonly placeholder: string;
  readonly least: number;
  readonly most: number;
  readonly default?: number;
}

/** Takes a whole number, 0 for no limit; its value is `Infinity` then. */
interface LimitFlag extends FlagText {
  readonly kind: "limit";
  readonly placeholder: string;
  readonly default?: number;
}

export type Flag = SwitchFlag | TextFlag | ListFlag | CountFlag | LimitFlag;

/** The flags of one command, by name without the leading dashes. */
export type FlagTable = Readonly<Record<string, Flag>>;

type CamelCase<Name> = Name extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Name;

type ValueOf<F extends Flag> = F extends SwitchFlag
  ? boolean
  : F extends ListFlag
    ? readonly string[]
    : F extends TextFlag
      ? string | undefined
      : F extends { readonly default: number }
        ? number
        : number | undefined;

/** What a command line says: `--max-message-bytes 10` is `maxMessageBytes: 10`. */
export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table as CamelCase<Name>]: ValueOf<Table[Name]>;
};

/** A command line: its flags, and what stands between them. */
interface CommandLine<Table extends FlagTable> {
  readonly flags: FlagValues<Table>;
  readonly operands: readonly string[];
}

type Token = NonNullable<ReturnType<typeof tokenize>>[number];
type OptionToken = Extract<Token, { kind: "option" }>;

/**
 * Reads a command line that has flags and nothing else. A flag that takes one value and is given twice has the last.
 *
 * @throws CliError with exit code 2, one line, for anything that the table does not allow.
 */
export function parseFlags<Table extends FlagTable>(table: Table, args: readonly string[]): FlagValues<Table> {
  if (args.includes("--")) throw unexpected("--");
  return parseCommandLine(table, args, 0).flags;
}

/**
 * Reads a command line that has up to `mostOperands` arguments beside its flags. What follows `--` is no flag.
 *
 * @throws CliError with exit code 2, one line, for anything that the table does not allow.
 */
export function parseCommandLine<Table extends FlagTable>(
  table: Table,
  args: readonly string[],
  mostOperands: number,
): CommandLine<Table> {
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokenize(table, args)) {
    if (token.kind === "option") {
      const [name, value] = readOption(table, token);
      given.set(name, [...(given.get(name) ?? []), value]);
    } else if (token.kind === "positional") {
      if (operands.push(token.value) > mostOperands) throw unexpected(token.value);
    }
  }
  const entries = Object.entries(table).map(([name, flag]) => [camelCase(name), valueOf(name, flag, given.get(name))]);
  return { flags: Object.fromEntries(entries) as FlagValues<Table>, operands };
}

function unexpected(argument: string): CliError {
  return CliError.ofUsage(`unexpected argument ${JSON.stringify(argument)}`);
}

function tokenize(table: FlagTable, args: readonly string[]) {
  const options: ParseArgsConfig["options"] = {};
  for (const [name, { kind, short }] of Object.entries(table)) {
    options[name] = { type: kind === "switch" ? "boolean" : "string", ...(short !== undefined && { short }) };
  }
  // Not strict: what is wrong is said below, in one line and in this program's own words.
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function readOption(table: FlagTable, token: OptionToken): [name: string, value: string] {
  const flag = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
  if (flag === undefined) throw CliError.ofUsage(`unknown flag ${token.rawName}${suggestion(table, token.name)}`);
  if (flag.kind === "switch") {
    if (token.value !== undefined) throw CliError.ofUsage(`--${token.name} takes no value`);
    return [token.name, ""];
  }
  // `--host --quiet` has forgotten a value; `--port -1` has a wrong one.
  const isForgotten = token.value === undefined || (!token.inlineValue && /^-(?!\d)/.test(token.value));
  const isEmpty = token.value === "" && !(flag.kind === "list" && flag.mayBeEmpty === true);
  if (isForgotten || isEmpty) throw CliError.ofUsage(`--${token.name} needs a value: ${flag.placeholder}`);
  return [token.name, token.value ?? ""];
}

function valueOf(name: string, flag: Flag, given: readonly string[] | undefined): unknown {
  switch (flag.kind) {
    case "switch":
      return given !== undefined;
    case "text":
      return given?.at(-1);
    case "list":
      return given ?? [];
    case "count":
      return given === undefined ? flag.default : readInteger(name, given.at(-1), flag.least, flag.most);
    case "limit":
      return limitOf(
        given === undefined
          ? flag.default
          : readInteger(name, given.at(-1), 0, Number.MAX_SAFE_INTEGER, " (0: no limit)"),
      );
  }
}

function limitOf(value: number | undefined): number | undefined {
  return value === 0 ? Number.POSITIVE_INFINITY : value;
}

function readInteger(name: string, text = "", least: number, most: number, note = ""): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw CliError.ofUsage(`--${name} takes a whole number from ${least} to ${most}${note}, not ${JSON.stringify(text)}`);
}

/** The flag that was probably meant: one that differs by a letter or two, or that begins alike. */
function suggestion(table: FlagTable, name: string): string {
  const names = Object.keys(table);
  const meant = name.toLowerCase();
  const near = names.find((each) => distance(each, meant) <= 2) ?? names.find((each) => each.startsWith(meant));
  return near === undefined ? "" : `; did you mean --${near}?`;
}

/** Levenshtein's distance: the letters to insert, remove or replace to make one word of the other. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

import { describe, expect, test } from "vitest";
import { CliError } from "../../src/cli/cli-error.js";
import { connectFlags } from "../../src/cli/connect-flags.js";
import { describeFlags } from "../../src/cli/flag-help.js";
import { type FlagTable, parseFlags } from "../../src/cli/flags.js";
import { checkServeFlags, serveFlags } from "../../src/cli/serve-flags.js";

const table = {
  port: {
    group: "Sea",
    kind: "count",
    placeholder: "PORT",
    least: 0,
    most: 65_535,
    default: 8080,
    description: "Where",
  },
  knots: { group: "Sea", kind: "count", placeholder: "COUNT", least: 1, most: 9, description: "How fast" },
  cargo: { group: "Sea", kind: "limit", placeholder: "TONS", default: 12, description: "How much" },
  "max-crew": { group: "Deck", kind: "limit", placeholder: "COUNT", otherwise: "no limit", description: "How many" },
  name: { group: "Deck", kind: "text", placeholder: "NAME", description: "What she is called" },
  flag: { group: "Deck", kind: "list", placeholder: "LETTER", description: "What she flies" },
  quiet: { group: "Deck", kind: "switch", short: "q", description: "No talking" },
} as const satisfies FlagTable;

/** The error of a command line. */
function usageErrorOf(run: () => unknown): CliError {
  try {
    run();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error("expected a CliError");
}

describe("parseFlags()", () => {
  test("gives every flag its default when nothing is given", () => {
    expect(parseFlags(table, [])).toEqual({
      port: 8080,
      knots: undefined,
      cargo: 12,
      maxCrew: undefined,
      name: undefined,
      flag: [],
      quiet: false,
    });
  });

  test("reads values after a space and after an equals sign, in any order", () => {
    const values = parseFlags(table, ["--name=a=b", "--flag", "H", "--quiet", "--port", "0", "--flag=A"]);
    expect(values).toMatchObject({ name: "a=b", flag: ["H", "A"], quiet: true, port: 0 });
  });

  test("takes 0 for no limit, as a limit only", () => {
    expect(parseFlags(table, ["--max-crew", "0", "--cargo=0", "--port=0"])).toMatchObject({
      maxCrew: Number.POSITIVE_INFINITY,
      cargo: Number.POSITIVE_INFINITY,
      port: 0,
    });
  });

  test("takes the last of a flag that is given twice", () => {
    expect(parseFlags(table, ["--port", "1", "--port", "2"]).port).toBe(2);
  });

  test("reads a short name", () => {
    expect(parseFlags(table, ["-q"]).quiet).toBe(true);
  });

  test.each([
    [["--sails"], "unknown flag --sails"],
    [["--prot", "1"], "unknown flag --prot; did you mean --port?"],
    [["--max"], "unknown flag --max; did you mean --max-crew?"],
    [["-p", "1"], "unknown flag -p; did you mean --port?"],
    [["--PORT", "1"], "unknown flag --PORT; did you mean --port?"],
    [["--Max-Crew=1"], "unknown flag --Max-Crew; did you mean --max-crew?"],
    [["--constructor"], "unknown flag --constructor"],
    [["--__proto__"], "unknown flag --__proto__"],
    [["ahoy"], 'unexpected argument "ahoy"'],
    [["--", "ahoy"], 'unexpected argument "--"'],
    [["--quiet=yes"], "--quiet takes no value"],
    [["--name"], "--name needs a value: NAME"],
    [["--name="], "--name needs a value: NAME"],
    [["--name", "--quiet"], "--name needs a value: NAME"],
    [["--port", "-1"], '--port takes a whole number from 0 to 65535, not "-1"'],
    [["--port", "65536"], '--port takes a whole number from 0 to 65535, not "65536"'],
    [["--port", "80 80"], '--port takes a whole number from 0 to 65535, not "80 80"'],
    [["--port", "1e3"], '--port takes a whole number from 0 to 65535, not "1e3"'],
    [["--port", "0x50"], '--port takes a whole number from 0 to 65535, not "0x50"'],
    [["--knots", "0"], '--knots takes a whole number from 1 to 9, not "0"'],
    [["--cargo", "9007199254740992"], '(0: no limit), not "9007199254740992"'],
    [["--cargo", "Infinity"], '(0: no limit), not "Infinity"'],
    [["--name=a\nb", "--port=\n"], String.raw`not "\n"`],
  ])("refuses %j in one line, with exit code 2", (args, expected) => {
    const error = usageErrorOf(() => parseFlags(table, args));
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(expected);
    expect(error.message).not.toContain("\n");
  });
});

describe("describeFlags()", () => {
  test("lists every flag under its group, with placeholder, description and default", () => {
    expect(describeFlags(table)).toBe(
      [
        "Sea:",
        "  --port PORT       Where (default: 8080)",
        "  --knots COUNT     How fast",
        "  --cargo TONS      How much (default: 12)",
        "",
        "Deck:",
        "  --max-crew COUNT  How many (default: no limit)",
        "  --name NAME       What she is called",
        "  --flag LETTER     What she flies",
        "  -q, --quiet       No talking",
        "",
      ].join("\n"),
    );
  });

  test.each([
    ["serve", serveFlags],
    ["connect", connectFlags],
  ])("fits 100 columns for the flags of %s and leaves none out", (_, flags) => {
    const lines = describeFlags(flags).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    const listed = lines.flatMap((line) => /^ {2}(?:-\w, )?--([a-z\d-]+)/.exec(line)?.[1] ?? []);
    expect(listed).toEqual(Object.keys(flags));
  });
});

describe("checkServeFlags()", () => {
  test("accepts the defaults, a certificate with its key, and origins", () => {
    const args = ["--cert=a", "--key=b", "--allow-origin=https://example.com", "--allow-origin=http://[::1]:3000"];
    expect(() => checkServeFlags(parseFlags(serveFlags, []))).not.toThrow();
    expect(() => checkServeFlags(parseFlags(serveFlags, args))).not.toThrow();
  });

  test.each([
    [["--cert=a"], "--cert needs --key"],
    [["--key=a"], "--key needs --cert"],
    [
      ["--allow-origin=example.com"],
      '--allow-origin takes an origin such as https://example.com:8443, without a path, not "example.com"',
    ],
    [["--allow-origin=https://example.com/"], "without a path"],
    [["--allow-origin=*"], '"*"'],
    [["--workers=0"], '--workers takes auto or a whole number from 1 to 1024, not "0"'],
    [["--workers=1025"], '"1025"'],
    [["--workers=many"], '"many"'],
  ])("refuses %j with exit code 2", (args, expected) => {
    const error = usageErrorOf(() => checkServeFlags(parseFlags(serveFlags, args)));
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(expected);
  });
});

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/client/index.js";
import { connectOptionNames, resolveConnectOptions } from "../../src/client/connect-options.js";
import { connectionOptionNames, resolveConnectionOptions } from "../../src/connection/connection-options.js";
import { closeOptionNames } from "../../src/server/drain.js";
import { serve, Upgrader } from "../../src/server/index.js";
import { serveOptionNames } from "../../src/server/serve.js";
import { resolveServerCloseOptions, serverCloseOptionNames } from "../../src/server/server-close.js";
import { resolveUpgraderOptions, upgraderOptionNames } from "../../src/server/upgrader-options.js";

interface Row {
  readonly name: string;
  readonly byDefault: string;
  readonly takes: string;
  readonly effect: string;
}

const document = readFileSync(resolve(import.meta.dirname, "../../docs/options.md"), "utf8");

/** The rows of the table under `heading`. */
function rowsOf(heading: string): Row[] {
  const section = document.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) => {
    const [, name = "", byDefault = "", takes = "", effect = ""] = line.split("|").map((cell) => cell.trim());
    return { name: name.replaceAll("`", ""), byDefault, takes, effect };
  });
}

/** What the error says that an option takes, where `set` gives it a value that it does not take. */
async function takenBy(set: () => unknown): Promise<string> {
  try {
    await set();
  } catch (error) {
    return /takes (.+)$/.exec((error as Error).message)?.[1] ?? "";
  }
  throw new Error("expected an error");
}

/** The numbers and texts among the defaults; functions are documented in words. */
function valuesOf(defaults: object): Map<string, string> {
  return new Map(
    Object.entries(defaults)
      .filter(([, value]) => typeof value === "number" || typeof value === "string")
      .map(([name, value]) => [name, typeof value === "string" ? JSON.stringify(value) : String(value)]),
  );
}

const { connection: _, ...ofUpgrader } = resolveUpgraderOptions({});
const { limits, liveness, ...ofConnection } = resolveConnectionOptions({});
const { connection: __, ...ofConnect } = resolveConnectOptions({});
/** As they are given: 0 for off. */
const times: Record<string, number> = Object.fromEntries(
  Object.entries(liveness).map(([name, ms]) => [name, ms === Infinity ? 0 : ms]),
);

const sections = [
  {
    heading: "A connection",
    names: connectionOptionNames,
    defaults: valuesOf({ ...limits, ...ofConnection, ...times }),
    set: (name: string, value: unknown): unknown => new Upgrader({ [name]: value }),
  },
  {
    heading: "An upgrader",
    names: upgraderOptionNames.filter((name) => !connectionOptionNames.includes(name)),
    defaults: valuesOf(ofUpgrader),
    set: (name: string, value: unknown): unknown => new Upgrader({ [name]: value }),
  },
  {
    heading: "`serve`",
    names: serveOptionNames.filter((name) => !upgraderOptionNames.includes(name)),
    defaults: valuesOf({ port: 0 }),
    set: (name: string, value: unknown): unknown => serve({ routes: {}, [name]: value }),
  },
  {
    heading: "`connect`",
    names: connectOptionNames.filter((name) => !connectionOptionNames.includes(name)),
    defaults: valuesOf(ofConnect),
    set: setOfConnect,
  },
];

/** Every value is right for `data`. */
function setOfConnect(name: string, value: unknown): unknown {
  if (name === "data") throw new TypeError("option data takes anything");
  return connect("ws://127.0.0.1:1/", { [name]: value });
}

describe("docs/options.md", () => {
  for (const { heading, names, defaults, set } of sections) {
    const rows = rowsOf(heading);

    test(`documents every option under "${heading}", and no other`, () => {
      const documented = rows.map(({ name }) => name);
      expect({
        missing: names.filter((name) => !documented.includes(name)),
        unknown: documented.filter((name) => !names.includes(name)),
      }).toEqual({ missing: [], unknown: [] });
      expect(documented).toHaveLength(names.length);
    });

    test.each(rows)(`gives $name the default that it has, what it takes and what it does`, async (row) => {
      const { name, byDefault, takes, effect } = row;
      expect(byDefault).toBe(defaults.get(name) ?? byDefault);
      expect(byDefault).not.toBe("");
      expect(effect).not.toBe("");
      expect(takes).toBe(await takenBy(() => set(name, null)));
    });
  }

  test("documents every option of close, and no other", () => {
    const rows = rowsOf("`close`");
    expect(rows.map(({ name }) => name)).toEqual([...closeOptionNames, ...serverCloseOptionNames]);
    const defaults = valuesOf(resolveServerCloseOptions({}));
    for (const { name, byDefault } of rows) expect(byDefault).toBe(defaults.get(name));
  });
});

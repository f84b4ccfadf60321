import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { FragmentProgram } from "./fragment-program.js";
import { TutorialDoc } from "./tutorial-doc.js";

const ROOT = resolve(import.meta.dirname, "../..");

/** Pages with fragments that no test runs, and declarations of what these take for granted. */
const declarations: Readonly<Record<string, string>> = {
  "ARCHITECTURE.md": "declare function findUser(cookie: string | undefined): Promise<{ name: string } | undefined>;",
  "docs/reconnecting.md": `
    declare const status: HTMLElement, button: HTMLButtonElement, show: (message: string | ArrayBuffer) => void;
    declare function useSyncExternalStore<T>(subscribe: (changed: () => void) => () => void, snapshot: () => T): T;
    declare const socket: import("halyard/reconnecting").ReconnectingSocket;`,
  "docs/tutorial.md": "",
  "docs/tutorial.zh-CN.md": "",
};

const pages = ["", "docs", "docs/recipes"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);

const blocks = pages.flatMap((page) =>
  new TutorialDoc(join(ROOT, page)).blocks
    .filter(({ language }) => /^(?:ts|tsx|js|jsx)$/.test(language))
    .map((block, index) => ({ ...block, page, index, name: `${page} ${index + 1}` })),
);

const examples = blocks.filter(({ info }) => info.startsWith("examples/"));
const others = blocks.filter(({ info }) => info === "");

/** The code that a reader comes from, which stands before ours; README's programs, and the page that has no examples yet. */
const isCheckedElsewhere = (page: string, index: number): boolean =>
  (page.startsWith("docs/from-") && index === 0) || page === "README.md";

const fragments = others.filter(({ page, index }) => !isCheckedElsewhere(page, index));

test("every block of code on a page is an example, or a fragment whose types are checked here", () => {
  expect(blocks.filter((block) => !examples.includes(block) && !others.includes(block))).toEqual([]);
  expect(fragments.map(({ page }) => page).filter((page) => !(page in declarations))).toEqual([]);
});

test("every example that a page shows, whole or in parts, is as it is shown, and named by a test", () => {
  const tests = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(ROOT, "test", name), "utf8"))
    .join("\n");
  for (const { page, info, code } of examples) {
    expect(readFileSync(join(ROOT, info), "utf8"), page).toContain(code);
    const folder = info.slice(0, info.lastIndexOf("/"));
    const ways = [info.replace(/\.ts$/, ".js"), info, folder];
    expect(
      ways.some((way) => tests.includes(way)),
      `${info} on ${page}`,
    ).toBe(true);
  }
});

describe("a fragment that no test runs is right by its types", { timeout: 60_000 }, () => {
  const program = new FragmentProgram(
    new Map(fragments.map(({ name, code }) => [name, code])),
    (name) => declarations[name.slice(0, name.lastIndexOf(" "))] ?? "",
  );

  test.each(fragments.map(({ name }) => name))("%s", (name) => {
    expect(program.complaintsOf(name)).toEqual([]);
  });
});

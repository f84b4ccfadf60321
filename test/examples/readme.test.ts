import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { EchoPeer } from "../support/echo-peer.js";
import { compileProgram } from "./program.js";

const root = resolve(import.meta.dirname, "../..");
const names = ["echo", "authorise", "game"];

/** Runs one of the README's programs against the built package; resolves with its port. */
async function run(name: string): Promise<number> {
  const preload = compileProgram(join(import.meta.dirname, "any-port.fixture.ts"), `any-port-for-${name}`);
  const program = fork(compileProgram(join(root, `examples/readme/${name}.ts`), name), {
    execArgv: ["--import", preload],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  onTestFinished(() => void program.kill());
  const [port] = (await once(program, "message")) as [number];
  return port;
}

test("the README shows the programs of examples/readme as they are", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const blocks = Array.from(readme.matchAll(/^```ts\n([^]*?)^```$/gm), ([, code]) => code);
  expect(blocks).toEqual(names.map((name) => readFileSync(join(root, `examples/readme/${name}.ts`), "utf8")));
});

test("the site's first page shows the echo as it is", () => {
  const page = readFileSync(join(root, "site/index.md"), "utf8");
  const [block] = Array.from(page.matchAll(/^```ts\n([^]*?)^```$/gm), ([, code]) => code);
  expect(block).toBe(readFileSync(join(root, "examples/readme/echo.ts"), "utf8"));
});

test("the README names exactly two set-up commands", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const commands = Array.from(readme.matchAll(/^```sh\n([^]*?)^```$/gm), ([, code]) => code);
  expect(commands).toEqual(["npm ci && npm start\n", "npm ci && npm test\n"]);
});

test("the README compares by the figures of docs/benchmarks.md", () => {
  const read = (file: string): string => readFileSync(join(root, file), "utf8");
  const tables = read("docs/benchmarks.md").split(/^\*\*/m);
  /** What a server's rows say under a heading, of the tables whose title matches. */
  const figures = (title: RegExp, server: string, heading: string): number[] =>
    tables.flatMap((table) => {
      if (!title.test(table)) return [];
      const cells = (line: string): string[] => line.split("|").map((cell) => cell.trim());
      const lines = table.split("\n").filter((line) => line.startsWith("| "));
      const column = cells(lines[0] ?? "").indexOf(heading);
      return lines
        .filter((line) => cells(line)[1] === server)
        .map((line) => Number.parseFloat(cells(line)[column] ?? ""));
    });
  const range = (server: string): string => {
    const of = figures(/^echo \d/, server, "CPU ÷ ws");
    return `${Math.min(...of).toFixed(2)} to ${Math.max(...of).toFixed(2)}`;
  };
  const idle = (server: string): string => figures(/^memory of 10,000 idle connections\*\*/, server, "÷ ws").join();
  expect(read("README.md")).toContain(
    `${range("Halyard, handler object")} by handlers, ${range("Halyard, `for await`")} by \`for await\`, ` +
      `[by workload](docs/benchmarks.md) | 1 | ${range("uWebSockets.js")} |`,
  );
  expect(read("README.md")).toContain(`one run | ${idle("Halyard, handler object")} | 1 | ${idle("uWebSockets.js")} |`);
});

test("the README's echo answers what it gets", async () => {
  const peer = await EchoPeer.connect(`ws://127.0.0.1:${await run("echo")}/echo`);
  peer.socket.send("hello");
  expect(await peer.receive()).toBe("hello");
});

test("the README's authorisation greets who has a token and turns away who has none", async () => {
  const url = `ws://127.0.0.1:${await run("authorise")}/`;
  expect(await EchoPeer.refusedStatus(url)).toBe(401);
  const peer = await EchoPeer.connect(url, { headers: { authorization: "secret-token" } });
  expect(await peer.receive()).toBe("Hello, Ada");
  expect(await peer.closed).toEqual({ code: 1000, reason: "" });
});

test("the README's game sends a move to everybody else", async () => {
  const url = `ws://127.0.0.1:${await run("game")}/game`;
  const players = await Promise.all([EchoPeer.connect(url), EchoPeer.connect(url), EchoPeer.connect(url)]);
  players[0].socket.send("e2e4");
  expect(await Promise.all([players[1].receive(), players[2].receive()])).toEqual(["e2e4", "e2e4"]);
  players[1].socket.send("e7e5");
  expect(await players[0].receive()).toBe("e7e5");
});

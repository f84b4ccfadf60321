import { readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HalyardProcess, startServe } from "../support/halyard-process.js";

/** Each test starts a process or two, on a machine that may be busy. */
const patience = { timeout: 20_000 };

/** What a command that ends by itself says. */
async function runHalyard(...args: string[]) {
  const process = HalyardProcess.start(...args);
  const { code } = await process.exited;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

async function createFile(content: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "halyard-")), "file.pem");
  await writeFile(file, content);
  return file;
}

const entriesTake =
  'entries are addresses, networks like "10.0.0.0/8" or "2001:db8::/32", "loopback", "private" or "unix"';

describe("the command line", patience, () => {
  test.each([["--help"], ["-h"], ["help"]])("halyard %s lists the commands", async (flag) => {
    const { code, stdout, stderr } = await runHalyard(flag);
    expect(stdout).toMatch(/^ {2}serve {2,}\S/m);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("halyard --help that cannot be written ends with 1", async () => {
    const process = HalyardProcess.startOnFullDisk("stdout", "--help");
    expect(await process.exited).toEqual({ code: 1, signal: null });
    expect(process.stderr).toMatch(/^halyard: cannot write the output: ENOSPC: .*\n$/);
  });

  test.each([[["--version"]], [["-V"]], [["serve", "--version"]]])(
    "halyard %j prints the package's version",
    async (args) => {
      const manifest = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
      expect(await runHalyard(...args)).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
    },
  );

  test.each([[["serve", "--help"]], [["help", "serve"]]])("halyard %j lists the flags", async (args) => {
    const { code, stdout, stderr } = await runHalyard(...args);
    expect(stdout).toMatch(/^ {2}--port PORT {2,}\S.*\(default: 8080\)$/m);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test.each([
    [[], "halyard: which command? halyard --help lists them\n"],
    [["sail"], 'halyard: unknown command "sail"; halyard --help lists them\n'],
    [["\u001b[31m"], String.raw`halyard: unknown command "\u001b[31m"; halyard --help lists them` + "\n"],
    [["serve", "--prot=1"], "halyard: unknown flag --prot; did you mean --port?\n"],
    [["help", "sail"], 'halyard: unknown command "sail"; halyard --help lists them\n'],
    [["serve", "now"], 'halyard: unexpected argument "now"\n'],
    [["serve", "--port=x"], 'halyard: --port takes a whole number from 0 to 65535, not "x"\n'],
    [["serve", "--cert=a.pem"], "halyard: --cert needs --key\n"],
    [["serve", "--trust-proxy=foo"], `halyard: --trust-proxy got "foo" in its list; ${entriesTake}\n`],
    [["serve", "--trust-proxy=10.0.0.0/99"], `halyard: --trust-proxy got "10.0.0.0/99" in its list; ${entriesTake}\n`],
    [
      ["serve", "--trust-proxy=unix", "--trust-proxy=2"],
      `halyard: --trust-proxy got "2" in its list; ${entriesTake}\n`,
    ],
  ])("halyard %j ends with exit code 2 and one line on stderr", async (args, stderr) => {
    expect(await runHalyard(...args)).toEqual({ code: 2, stdout: "", stderr });
  });
});

describe("halyard serve ends with exit code 1 and one line on stderr", patience, () => {
  test("when the port is in use", async () => {
    const { port } = await startServe();
    expect(await runHalyard("serve", "--port", String(port))).toEqual({
      code: 1,
      stdout: "",
      stderr: `halyard: port ${port} is in use; choose another with --port, or 0 for a free one\n`,
    });
  });

  test("when the address is not this machine's", async () => {
    const { code, stdout, stderr } = await runHalyard("serve", "--port=0", "--host=192.0.2.1");
    expect(stderr).toMatch(/^halyard: cannot listen on --host 192\.0\.2\.1: .+\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });

  test("when the certificate cannot be read", async () => {
    const { code, stdout, stderr } = await runHalyard("serve", "--port=0", "--cert=missing.pem", "--key=missing.key");
    expect(stderr).toMatch(/^halyard: cannot read the file of --cert: ENOENT.*missing\.pem.*\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });

  test("when the certificate is none", async () => {
    const file = await createFile("not a certificate\n");
    const { code, stdout, stderr } = await runHalyard("serve", "--port=0", `--cert=${file}`, `--key=${file}`);
    expect(stderr).toMatch(/^halyard: \S+ and \S+ are not a certificate and its key in PEM: .+\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });
});

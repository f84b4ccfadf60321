import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { describe, expect, test } from "vitest";
import { createSelfSigned, type KeyPair } from "../../src/cli/self-signed.js";
import type { ServeOptions } from "../../src/server/index.js";
import { HalyardProcess, startServe } from "../support/halyard-process.js";
import { listening } from "../support/listening.js";

/** Each test starts a process or two, on a machine that may be busy. */
const patience = { timeout: 20_000 };

/** The files of a certificate that signs itself. */
async function createFiles(host?: string): Promise<KeyPair & { certFile: string; keyFile: string }> {
  const folder = await mkdtemp(join(tmpdir(), "halyard-"));
  const pair = await createSelfSigned(host);
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await writeFile(certFile, pair.cert);
  await writeFile(keyFile, pair.key);
  return { ...pair, certFile, keyFile };
}

/** The files of a certificate by which a client may say who it is. */
async function createClientFiles() {
  const folder = await mkdtemp(join(tmpdir(), "halyard-"));
  const { cert, private: key } = await generate([{ name: "commonName", value: "Ada" }], {
    keyType: "ec",
    curve: "P-256",
  });
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
  return { cert, certFile, keyFile };
}

/** What `halyard connect` says to a server that greets. */
async function greet(url: string, ...flags: string[]) {
  const process = HalyardProcess.start("connect", url, "--once", ...flags);
  const { code } = await process.exited;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

/** A server over TLS that greets. */
async function greeting(options: Partial<ServeOptions<unknown>>): Promise<string> {
  const server = await listening<unknown>({ ...options, routes: { "/": (connection) => connection.send("ahoy") } });
  return `wss://localhost:${server.port}/`;
}

test("halyard connect by wss to a server without TLS says so", patience, async () => {
  const { port } = await startServe();
  expect(await greet(`wss://localhost:${port}/echo`)).toEqual({
    code: 1,
    stdout: "",
    stderr: `halyard: could not connect to wss://localhost:${port}/echo: the server does not speak TLS there; try ws:// in place of wss://\n`,
  });
});

describe("halyard connect to a server with a self-signed certificate", patience, () => {
  test("refuses it, and names the flags that help", async () => {
    const { echoUrl } = await startServe("--tls");
    const { code, stdout, stderr } = await greet(echoUrl);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^halyard: could not connect to wss:.*: self-signed certificate;.* --ca FILE .* --insecure .*\n$/,
    );
  });

  test("takes it under --insecure, with a warning", async () => {
    const { echoUrl } = await startServe("--tls");
    const { code, stdout, stderr } = await greet(echoUrl, "--insecure", "-x", "hi");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "hi\n" });
    expect(stderr).toMatch(/^halyard: warning: --insecure takes any certificate;.*\n$/);
  });

  test("warns in JSON under --json", async () => {
    const { echoUrl } = await startServe("--tls");
    const { stdout, stderr } = await greet(echoUrl, "--insecure", "--json", "-x", "hi");
    expect(JSON.parse(stdout.split("\n", 1)[0] ?? "")).toMatchObject({ level: "warn", event: "warning" });
    expect(stderr).toBe("");
  });

  test("trusts it by --ca, without a warning", async () => {
    const { cert, key, certFile } = await createFiles();
    const url = await greeting({ tls: { cert, key } });
    expect(await greet(url, `--ca=${certFile}`)).toEqual({ code: 0, stdout: "ahoy\n", stderr: "" });
  });

  test("asks for --servername, and wants that name in the certificate", async () => {
    const { cert, key, certFile } = await createFiles("box.example");
    const url = await greeting({ tls: { cert, key } });
    expect(await greet(url, `--ca=${certFile}`, "--servername=box.example")).toMatchObject({ code: 0 });
    const { code, stderr } = await greet(url, `--ca=${certFile}`, "--servername=other.example");
    expect(code).toBe(1);
    expect(stderr).toContain("other.example");
  });
});

test("halyard connect shows the certificate of --cert and --key", patience, async () => {
  const server = await createFiles();
  const client = await createClientFiles();
  const names: unknown[] = [];
  const url = await greeting({
    tls: { cert: server.cert, key: server.key, ca: client.cert, requestCert: true, rejectUnauthorized: true },
    responseHeaders: () => {
      names.push("let in");
      return {};
    },
  });
  const own = [`--cert=${client.certFile}`, `--key=${client.keyFile}`];
  expect(await greet(url, `--ca=${server.certFile}`, ...own)).toEqual({ code: 0, stdout: "ahoy\n", stderr: "" });
  expect(await greet(url, `--ca=${server.certFile}`)).toMatchObject({ code: 1, stdout: "" });
  expect(names).toEqual(["let in"]);
});

test.each([
  ["gets it", true, "2.0"],
  ["does with HTTP/1.1 where the server has nothing else", false, "1.1"],
])("halyard connect --http2 %s, and says so", patience, async (_, http2, httpVersion) => {
  const url = await greeting({ tls: await createSelfSigned(undefined), http2 });
  const { code, stdout } = await greet(url, "--http2", "--insecure", "--json");
  expect(code).toBe(0);
  expect(stdout.split("\n").filter((line) => line.includes(`"httpVersion":"${httpVersion}"`))).toHaveLength(1);
});

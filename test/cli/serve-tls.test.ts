import { spawn } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { cp, mkdtemp, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { describe, expect, test } from "vitest";
import { findCertificate } from "../../src/cli/certificate.js";
import { CliError } from "../../src/cli/cli-error.js";
import { parseFlags } from "../../src/cli/flags.js";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { serveFlags } from "../../src/cli/serve-flags.js";
import { EchoPeer } from "../support/echo-peer.js";
import { HalyardProcess, startServe } from "../support/halyard-process.js";

/** Each test starts a process or two, on a machine that may be busy. */
const patience = { timeout: 20_000 };

/** The certificate that a server shows. */
async function certificateOf(port: number): Promise<X509Certificate> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ port, host: "localhost", rejectUnauthorized: false }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error("no certificate"));
      else resolve(certificate);
    });
    socket.once("error", reject);
  });
}

/** The status of a page, trusting this certificate only. */
async function statusOf(url: string, ca: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    get(url, { ca, agent: false }, (response) => resolve(response.resume().statusCode)).once("error", reject);
  });
}

describe("createSelfSigned()", patience, () => {
  test("makes a certificate for localhost, both loopback addresses and the host, valid now and for 90 days", async () => {
    const { cert } = await createSelfSigned("box.example");
    const certificate = new X509Certificate(cert);
    for (const name of ["localhost", "box.example"]) expect(certificate.checkHost(name)).toBe(name);
    for (const address of ["127.0.0.1", "::1"]) expect(certificate.checkIP(address)).toBe(address);
    expect(certificate.checkHost("attacker.example")).toBeUndefined();
    expect(certificate.ca).toBe(false);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(new Date(certificate.validFrom).getTime()).toBeLessThan(Date.now());
    const daysLeft = (new Date(certificate.validTo).getTime() - Date.now()) / 86_400_000;
    expect(daysLeft).toBeGreaterThan(89);
    expect(daysLeft).toBeLessThan(91);
  });

  test("makes another key each time", async () => {
    const [one, other] = await Promise.all([createSelfSigned(undefined), createSelfSigned(undefined)]);
    expect(one.key).not.toBe(other.key);
  });
});

describe("findCertificate()", patience, () => {
  async function refusalOf(pair: { readonly cert: string; readonly key: string }): Promise<unknown> {
    const folder = await mkdtemp(join(tmpdir(), "halyard-"));
    await writeFile(join(folder, "cert.pem"), pair.cert);
    await writeFile(join(folder, "key.pem"), pair.key);
    const files = [`--cert=${join(folder, "cert.pem")}`, `--key=${join(folder, "key.pem")}`];
    const failed = await findCertificate(parseFlags(serveFlags, files)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(CliError);
    return (failed as CliError).message.replaceAll(`${folder}/`, "");
  }

  test("says that a key is another certificate's", async () => {
    const [{ cert }, { key }] = await Promise.all([createSelfSigned(undefined), createSelfSigned(undefined)]);
    expect(await refusalOf({ cert, key })).toBe("key.pem is not the key of the certificate in cert.pem");
  });

  test.each([
    ["PKCS #8", "pkcs8"],
    ["the old format", "sec1"],
  ] as const)("says that a key is encrypted, in %s", async (_, type) => {
    const { cert, key } = await createSelfSigned(undefined);
    const encrypted = createPrivateKey(key).export({
      type,
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "secret",
    });
    expect(await refusalOf({ cert, key: String(encrypted) })).toBe(
      "key.pem is encrypted; halyard takes a key without a passphrase, which `openssl pkey -in key.pem` prints",
    );
  });

  test("says that two files are not a certificate and its key", async () => {
    const { cert, key } = await createSelfSigned(undefined);
    expect(await refusalOf({ cert: key, key: cert })).toMatch(
      /^cert\.pem and key\.pem are not a certificate and its key in PEM: /,
    );
  });
});

describe("halyard serve --tls", patience, () => {
  test("says in one line what to install where the package that makes certificates is missing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "halyard-"));
    for (const part of ["dist", "page", "package.json"]) await cp(part, join(folder, part), { recursive: true });
    const script = join(folder, "dist/cli/main.js");
    const lonely = HalyardProcess.of(spawn(process.execPath, [script, "serve", "--tls", "--port=0"]));
    expect(await lonely.exited).toEqual({ code: 1, signal: null });
    expect({ stdout: lonely.stdout, stderr: lonely.stderr }).toEqual({
      stdout: "",
      stderr:
        "halyard: --tls makes its certificate with the package selfsigned, which is not installed: " +
        "npm install selfsigned, or give --cert and --key\n",
    });
  });

  test("tells of a client that speaks plain http, and serves the next", async () => {
    const { port, echoUrl, process: server } = await startServe("--tls");
    await expect(fetch(`http://localhost:${port}/`)).rejects.toThrow("fetch failed");
    await server.complained(/^\S+ spoke plain http; this port takes https:\/\/ and wss:\/\/ only\n$/);
    const peer = await EchoPeer.connect(echoUrl, { rejectUnauthorized: false });
    expect(await peer.echo("hello")).toBe("hello");
  });

  test("serves wss, with a self-signed certificate whose fingerprint it prints", async () => {
    const { url, echoUrl, port, process } = await startServe("--tls");
    expect(url).toBe(`https://localhost:${port}/`);
    expect(echoUrl).toBe(`wss://localhost:${port}/echo`);
    const peer = await EchoPeer.connect(echoUrl, { rejectUnauthorized: false });
    expect(await peer.echo("hello")).toBe("hello");
    const [, fingerprint] = await process.find(/self-signed certificate, SHA-256 ([\dA-F:]+)/);
    expect((await certificateOf(port)).fingerprint256).toBe(fingerprint);

    process.signal("SIGTERM");
    expect(await peer.closed).toEqual({ code: 1001, reason: "the server is stopping" });
    expect(await process.exited).toEqual({ code: 0, signal: null });
  });
});

describe("halyard serve --cert --key", patience, () => {
  test("serves the certificate of the files, chain and all, without a warning", async () => {
    const folder = await mkdtemp(join(tmpdir(), "halyard-"));
    const { cert, key } = await createSelfSigned(undefined);
    await writeFile(join(folder, "cert.pem"), cert);
    await writeFile(join(folder, "key.pem"), key);
    const flags = ["--cert", join(folder, "cert.pem"), "--key", join(folder, "key.pem")];
    const { url, echoUrl, process } = await startServe(...flags);
    expect(await statusOf(url, cert)).toBe(200);
    const peer = await EchoPeer.connect(echoUrl, { ca: cert });
    expect(await peer.echo("hello")).toBe("hello");
    expect(process.stdout).not.toContain("self-signed");
  });
});

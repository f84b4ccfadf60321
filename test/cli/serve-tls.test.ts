import { X509Certificate } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { describe, expect, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { EchoPeer } from "../support/echo-peer.js";
import { startServe } from "../support/halyard-process.js";

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

describe("halyard serve --tls", patience, () => {
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

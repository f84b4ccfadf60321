import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../peers/cache.js";
import type { TlsFiles } from "./messages.js";

/** A certificate for localhost, made once by openssl and kept in the cache; `undefined` where there is no openssl. */
export function tlsFiles(): TlsFiles | undefined {
  const files = { cert: join(cacheFolder, "cert.pem"), key: join(cacheFolder, "key.pem") };
  if (existsSync(files.cert) && existsSync(files.key)) return files;
  mkdirSync(cacheFolder, { recursive: true });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files.key];
  const certificate = ["-x509", "-days", "3650", "-subj", "/CN=localhost", "-out", files.cert];
  try {
    execFileSync("openssl", ["req", ...key, ...certificate], { stdio: "ignore" });
    return files;
  } catch {
    return undefined;
  }
}

import cluster from "node:cluster";
import { once } from "node:events";
import type { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { formatAddress, type Observer } from "../connection/index.js";
import { QueuedBytesBudget, type ServeOptions, type Server, type ServerCloseOptions, serve } from "../server/index.js";
import { findCertificate, type Certificate } from "./certificate.js";
import { CliError, ExitCode, messageOf, systemCodeOf } from "./cli-error.js";
import { beginningOf } from "./echo-log.js";
import { createEchoRoute } from "./echo-route.js";
import { EventLog } from "./event-log.js";
import { withFrameTrace } from "./frame-trace.js";
import { createHostPolicy } from "./host-policy.js";
import { hostOf } from "./request-host.js";
import { type Inside, openInside } from "./serve-inside.js";
import { addressOf, type ServeFlags, trustProxyOf, workersOf } from "./serve-flags.js";
import { endBy, waitForStop } from "./signals.js";
import { gatherWorkerOutput, killWorkers } from "./worker-output.js";

/** How long plain HTTP responses under way may take at the end, in milliseconds. */
const LEAST_DEADLINE_MS = 10_000;

/** The page lies beside dist in the package. */
const PAGE_FOLDER = fileURLToPath(new URL("../../page", import.meta.url));

/** Where workers find the certificate that their primary has made: all must show the same. Nobody needs its key after them. */
const CERTIFICATE_VARIABLE = "HALYARD_SELF_SIGNED";

/**
 * Serves the page at / and the echo at /echo until SIGINT or SIGTERM; then closes every connection with 1001 and returns. A
 * second signal ends the process at once, and its workers, and so does the first while it does not listen yet.
 *
 * @returns The exit code.
 * @throws CliError for what keeps it from starting.
 */
export async function serveCommand(given: ServeFlags): Promise<ExitCode> {
  const flags = { ...given, host: addressOf(given.host) };
  const log = new EventLog({ json: flags.json, quiet: flags.quiet });
  try {
    if (cluster.isWorker) return await serveAsWorker(flags, log);
    const report = (error: Error): void => log.report({ event: "error", remote: undefined, error });
    return await withFrameTrace(flags, report, (tracer) => serveUntilSignal(flags, log, tracer));
  } finally {
    await log.flush();
  }
}

async function serveUntilSignal(flags: ServeFlags, log: EventLog, tracer?: Observer): Promise<ExitCode> {
  const stopped = waitForStop((exitCode) => {
    killWorkers();
    // oxlint-disable-next-line unicorn/no-process-exit -- "at once" leaves nobody to return to
    process.exit(exitCode);
  });
  const workersAreSilent = gatherWorkerOutput(log);
  try {
    const begun = await Promise.race([begin(flags, log, tracer), stopped]);
    if (typeof begun === "string") {
      // A start may take for ever: a file that is a pipe, a worker that hangs.
      killWorkers();
      await log.flush();
      return endBy(begun);
    }
    const { server, certificate, inside } = begun;
    reportListening(server, flags, certificate, log);
    inside?.report(server, log);
    log.report({ event: "draining", signal: await stopped });
    inside?.routes.close();
    const { closed, terminated } = await server.close(closeOptionsOf(flags));
    await workersAreSilent();
    log.report({ event: "stopped", closed, terminated });
    return ExitCode.success;
  } finally {
    await workersAreSilent();
  }
}

/** Finds what is to be served with, and listens. */
async function begin(flags: ServeFlags, log: EventLog, tracer: Observer | undefined) {
  const certificate = await findCertificate(flags);
  if (certificate?.isSelfSigned === true) process.env[CERTIFICATE_VARIABLE] = JSON.stringify(certificate);
  const inside = openInside(flags);
  return { server: await start(flags, certificate, log, inside, tracer), certificate, inside };
}

/** Serves until the primary has had it closed, or has died. */
async function serveAsWorker(flags: ServeFlags, log: EventLog): Promise<ExitCode> {
  const made = process.env[CERTIFICATE_VARIABLE];
  const certificate = made === undefined ? await findCertificate(flags) : (JSON.parse(made) as Certificate);
  const inside = openInside(flags);
  const server = await start(flags, certificate, log, inside);
  await once(process, "disconnect");
  await server.close();
  return ExitCode.success;
}

/** How the server stops: no closing handshake is cut before `--close-timeout-ms` has passed. */
export function closeOptionsOf({ closeTimeoutMs, drainDelayMs }: ServeFlags): ServerCloseOptions {
  const deadlineMs = Math.max(closeTimeoutMs, LEAST_DEADLINE_MS);
  return { code: 1001, reason: "the server is stopping", deadlineMs, drainDelayMs };
}

async function start(
  flags: ServeFlags,
  certificate: Certificate | undefined,
  log: EventLog,
  inside: Inside | undefined,
  tracer?: Observer,
): Promise<Server> {
  try {
    const server = await serve({
      ...optionsOf(flags, certificate, log),
      observer: [...(inside?.observers ?? []), ...(tracer === undefined ? [] : [tracer])],
      onRequest: inside?.routes.listener,
    });
    server.http.on("tlsClientError", (error: NodeJS.ErrnoException, { remoteAddress, remotePort }: TLSSocket) => {
      if (error.code !== "ERR_SSL_HTTP_REQUEST") return;
      log.report({ event: "plain-http", remote: formatAddress(remoteAddress, remotePort) });
    });
    return server;
  } catch (error) {
    // The options that `serve` checks are flags here.
    const isUsage = error instanceof TypeError || error instanceof RangeError;
    const exitCode = isUsage ? ExitCode.usage : ExitCode.failure;
    throw new CliError(describeStartFailure(error, flags), exitCode, { cause: error });
  }
}

function optionsOf(flags: ServeFlags, certificate: Certificate | undefined, log: EventLog): ServeOptions {
  const workers = workersOf(flags);
  return {
    workers: workers === 1 ? undefined : workers,
    port: flags.port,
    host: flags.host,
    routes: { "/echo": createEchoRoute(log) },
    static: PAGE_FOLDER,
    tls: certificate === undefined ? undefined : { cert: certificate.cert, key: certificate.key },
    checkOrigin: flags.allowOrigin.length === 0 ? undefined : flags.allowOrigin,
    checkHost: createHostPolicy(flags.allowHost),
    trustProxy: trustProxyOf(flags),
    health: flags.health,
    http2: flags.http2,
    maxConnections: flags.maxConnections,
    maxConnectionsPerAddress: flags.maxConnectionsPerAddress,
    maxMessageBytes: flags.maxMessageBytes,
    maxFrameBytes: flags.maxFrameBytes,
    maxFragments: flags.maxFragments,
    maxBufferedBytes: flags.maxBufferedBytes,
    handshakeTimeoutMs: flags.handshakeTimeoutMs,
    queuedBytesBudget: budgetOf(flags, workers),
    rateLimit: { messagesPerSecond: flags.maxMessagesPerSecond, bytesPerSecond: flags.maxBytesPerSecond },
    pingIntervalMs: flags.pingIntervalMs,
    pongTimeoutMs: flags.pongTimeoutMs,
    idleTimeoutMs: flags.idleTimeoutMs,
    maxLifetimeMs: flags.maxLifetimeMs,
    messageTimeoutMs: flags.messageTimeoutMs,
    writeTimeoutMs: flags.writeTimeoutMs,
    closeTimeoutMs: flags.closeTimeoutMs,
    readBufferSize: flags.readBufferSize,
    writeBufferSize: flags.writeBufferSize,
    compression: flags.compression,
    onRefused: ({ status, code }, { headers }, remote) => {
      const host = code === "host-not-allowed" ? beginningOf(hostOf(headers)) : undefined;
      const origin = code === "origin-not-allowed" ? beginningOf(headers.origin ?? "") : undefined;
      log.report({ event: "refused", remote, status, code, host, origin });
    },
    onError: (error, connection) => {
      log.report({ event: "error", remote: connection?.remote, error });
    },
  };
}

/** The share of each process of what is for all of them together. */
function budgetOf({ maxTotalBufferedBytes }: ServeFlags, workers: number): QueuedBytesBudget | undefined {
  if (maxTotalBufferedBytes === undefined) return undefined;
  return new QueuedBytesBudget(Math.max(1, Math.floor(maxTotalBufferedBytes / workers)));
}

function reportListening(
  { url, port }: Server,
  { host }: ServeFlags,
  certificate: Certificate | undefined,
  log: EventLog,
): void {
  log.report({
    event: "listening",
    url,
    port,
    isPublic: host === undefined || host === "::" || host === "0.0.0.0",
    isSelfSigned: certificate?.isSelfSigned ?? false,
    fingerprint: certificate?.fingerprint,
  });
}

function describeStartFailure(error: unknown, { host, port }: ServeFlags): string {
  switch (systemCodeOf(error)) {
    case "EADDRINUSE":
      return `port ${port} is in use; choose another with --port, or 0 for a free one`;
    case "EACCES":
      return `no permission to listen on port ${port}; choose one above 1023 with --port`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EINVAL":
      return `cannot listen on --host ${host}: ${messageOf(error)}`;
    case undefined:
    default:
      return messageOf(error).replace(/^option trustProxy /, "--trust-proxy ");
  }
}

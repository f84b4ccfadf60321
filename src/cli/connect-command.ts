import { constants } from "node:os";
import { type CloseInfo, connect, type Connection, type Observer } from "../client/index.js";
import { type CliError, ExitCode, messageOf } from "./cli-error.js";
import { codeOfFailure, connectFailure, earlyEndFailure, endFailure } from "./connect-failure.js";
import type { ConnectFlags } from "./connect-flags.js";
import { connectOptionsOf } from "./connect-options.js";
import { ConnectSession, type SessionEnd } from "./connect-session.js";
import { withFrameTrace } from "./frame-trace.js";
import { OutputPipe } from "./output-pipe.js";
import { type StopSignal, waitForStop } from "./signals.js";
import { readHistory } from "./history-file.js";
import { earlyReport, openUserEnd, type Outputs, type UserSetup } from "./user-end.js";

/**
 * Connects to `url`, sends what is typed or piped, and prints what comes, until either side closes. The first SIGINT or SIGTERM
 * closes with 1000, a second ends the process at once.
 *
 * @returns The exit code: 0, or that of a signal which came before the connection was open.
 * @throws CliError for what keeps it from connecting, for a connection that does not end well, and for output that cannot be written.
 */
export async function connectCommand(url: string, flags: ConnectFlags): Promise<number> {
  const leaving = new AbortController();
  let signal: StopSignal | undefined;
  // oxlint-disable-next-line unicorn/no-process-exit -- "at once" leaves nobody to return to
  void waitForStop((exitCode) => process.exit(exitCode)).then((first) => {
    signal = first;
    leaving.abort();
  });
  const outputs: Outputs = {
    out: new OutputPipe(process.stdout, () => leaving.abort()),
    err: new OutputPipe(process.stderr, () => {}),
  };
  try {
    const history = flags.history === undefined ? [] : await readHistory(flags.history);
    const report = ({ message }: Error): void => void earlyReport(flags, outputs)({ event: "warning", message });
    await withFrameTrace(flags, report, async (observer) => {
      const connection = await open(url, flags, outputs, leaving.signal, observer);
      whenAborted(leaving.signal, () => void connection.close());
      await converse(connection, flags, { ...outputs, history }, leaving.signal);
    });
    await outputs.out.finish();
    return ExitCode.success;
  } catch (caught) {
    if (signal !== undefined && codeOfFailure(caught) === "aborted") return 128 + constants.signals[signal];
    // What followed from that, as that the connection was given up, is no news.
    const error = outputs.out.failure ?? caught;
    if (flags.json) await reportFailure(error, flags, outputs);
    throw error;
  } finally {
    await outputs.out.flush();
  }
}

/** Calls `then` when `signal` is aborted, or at once if it is. */
function whenAborted(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener("abort", then, { once: true });
}

async function open(
  url: string,
  flags: ConnectFlags,
  outputs: Outputs,
  signal: AbortSignal,
  observer: Observer | undefined,
): Promise<Connection> {
  const options = { ...(await connectOptionsOf(flags, signal)), observer };
  if (flags.insecure) {
    const message =
      "warning: --insecure takes any certificate; whoever sits in between can read and change what is sent";
    await earlyReport(flags, outputs)({ event: "warning", message });
  }
  try {
    return await connect(url, options);
  } catch (error) {
    throw connectFailure(error);
  }
}

/** Has the user and the server talk until the connection is closed. */
async function converse(
  connection: Connection,
  flags: ConnectFlags,
  own: UserSetup,
  leaving: AbortSignal,
): Promise<void> {
  const user = openUserEnd(flags, own, () => process.emit("SIGINT"));
  const { once, closeTimeoutMs } = flags;
  const end: SessionEnd = { once, afterInput: user.afterInput, pongTimeoutMs: closeTimeoutMs };
  const session = new ConnectSession(connection, user.report, end);
  let info: CloseInfo;
  try {
    await user.report(connectedTo(connection));
    info = await session.run(user.lines);
  } finally {
    await user.close();
  }
  const failure = endFailure(info) ?? (leaving.aborted ? undefined : earlyEndOf(session, once));
  // In text the failure says it all.
  if (failure === undefined || flags.json) await user.report(closedBy(info));
  if (failure !== undefined) throw failure;
}

/** What was wanted of a connection that has ended well, and did not happen. */
function earlyEndOf(session: ConnectSession, once: boolean): CliError | undefined {
  if (once) return session.hasReceived ? undefined : earlyEndFailure("a message came");
  return session.hasUnsent ? earlyEndFailure("all input was sent") : undefined;
}

function connectedTo({ url, remote, httpVersion, subprotocol, extensions }: Connection) {
  return { event: "connected", url, remote, httpVersion, subprotocol, extensions } as const;
}

function closedBy({ code, reason, by, clean }: CloseInfo) {
  return { event: "closed", code, reason, by, clean } as const;
}

async function reportFailure(error: unknown, flags: ConnectFlags, outputs: Outputs): Promise<void> {
  const code = codeOfFailure(error);
  await earlyReport(flags, outputs)({ event: "error", code, message: messageOf(error) });
}

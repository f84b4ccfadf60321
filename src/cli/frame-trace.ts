import type { Observer } from "../connection/index.js";
import { CliError, messageOf } from "./cli-error.js";
import type { FlagValues } from "./flags.js";
import type { frameTraceFlags } from "./shared-flags.js";

type FrameTraceFlags = Pick<FlagValues<typeof frameTraceFlags>, "trace" | "tracePayloadBytes">;

/** @throws CliError with exit code 2 where payloads are asked for and no trace. */
export function checkFrameTraceFlags({ trace, tracePayloadBytes }: FrameTraceFlags): void {
  if (trace === undefined && tracePayloadBytes > 0) throw CliError.ofUsage("--trace-payload-bytes needs --trace");
}

/**
 * Calls `run` with the observer that writes the trace which the flags ask for, or with none, and closes the trace behind it.
 *
 * @param report - Takes what ends the trace early.
 * @throws CliError for a file that cannot be written.
 */
export async function withFrameTrace<Result>(
  { trace: file, tracePayloadBytes: payloadBytes }: FrameTraceFlags,
  report: (error: Error) => void,
  run: (observer: Observer | undefined) => Promise<Result>,
): Promise<Result> {
  if (file === undefined) return await run(undefined);
  const { traceFrames } = await import("../trace/index.js");
  const trace = await traceFrames({ file, payloadBytes, onError: report }).catch((error: unknown) => {
    throw new CliError(messageOf(error), undefined, { cause: error });
  });
  try {
    return await run(trace.observer);
  } finally {
    await trace.close();
  }
}

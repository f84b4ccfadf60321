import { Tally } from "halyard/observers";
import { serve, type Server } from "halyard/server";
import { type FrameTrace, readTrace, traceFrames } from "halyard/trace";

/** An echo that writes its frames to `file`, and counts; close the server first, and then the trace. */
export async function tracedEcho(file: string): Promise<{ server: Server; trace: FrameTrace; tally: Tally }> {
  const trace = await traceFrames({ file, payloadBytes: 16 });
  const tally = new Tally();
  const server = await serve({
    port: 0,
    observer: [tally.observer, trace.observer],
    routes: { "/echo": { message: (socket, message) => void socket.write(message) } },
  });
  return { server, trace, tally };
}

/** The bytes of all payloads that came in, by a trace. */
export async function bytesIn(file: string): Promise<number> {
  let bytes = 0;
  for await (const record of readTrace(file)) {
    if (record.kind === "frame" && record.direction === "in") bytes += record.length;
  }
  return bytes;
}

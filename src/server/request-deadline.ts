import { constants, type ServerHttp2Stream } from "node:http2";

import { type TimerWheel, WheelTimer } from "../connection/index.js";

/** Resets a stream whose request has not arrived within `timeoutMs`, body included: what `requestTimeout` is over HTTP/1.1. */
export function limitRequest(stream: ServerHttp2Stream, timeoutMs: number, timers: TimerWheel): void {
  if (stream.endAfterHeaders) return;
  const timer = new WheelTimer({ onDue: () => stream.close(constants.NGHTTP2_CANCEL) });
  const onArrived = (): void => timers.disarm(timer);
  timers.arm(timer, timeoutMs);
  stream.once("end", onArrived);
  stream.once("close", onArrived);
}

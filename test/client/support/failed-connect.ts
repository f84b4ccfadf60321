import { inspect } from "node:util";
import { expect } from "vitest";
import { connectByTimers } from "../../../src/client/connect.js";
import { ConnectError, type ConnectOptions } from "../../../src/client/index.js";
import { processTimers, type TimerWheel } from "../../../src/connection/index.js";

/** The `ConnectError` with which `connecting` rejects. */
async function failureOf(connecting: Promise<unknown>): Promise<ConnectError> {
  const error: unknown = await connecting.then(
    () => "connected",
    (reason: unknown) => reason,
  );
  if (error instanceof ConnectError) return error;
  throw new Error(`no ConnectError: ${inspect(error)}`);
}

/** Connects in vain; checks that the error fits the form of all. */
export async function connectInVain(
  url: string,
  options: ConnectOptions = {},
  timers: TimerWheel = processTimers,
): Promise<ConnectError> {
  const error = await failureOf(connectByTimers(timers, url, options));
  expect(error.message).toMatch(/^could not connect to [^\n]+: [^\n]+; [^\n]+$/);
  return error;
}

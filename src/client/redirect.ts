import { connectError } from "./connect-error.js";
import type { HttpAnswer } from "./http-answer.js";
import { readTarget, type Target } from "./target.js";

/** The statuses whose Location a GET follows, RFC 9110 §15.4. */
const redirectStatuses = [301, 302, 303, 307, 308];

/** Whether the answer sends the client elsewhere. */
export function isRedirect({ status, headers }: Pick<HttpAnswer, "status" | "headers">): boolean {
  return redirectStatuses.includes(status) && headers.location !== undefined;
}

/**
 * Where the answer sends a client that asked `from`.
 *
 * @throws ConnectError `redirect-refused` for a place where no client may be sent.
 */
export function redirectTarget(answer: HttpAnswer, from: Target): Target {
  const refuse = (why: string, cause?: unknown): Error =>
    connectError("redirect-refused", from.label, `it redirects ${why}`, { response: answer, cause });
  // Relative to a socket's path a location means nothing.
  if (from.socketPath !== undefined) throw refuse("from a Unix socket, where that has no meaning");
  const location = locate(answer.headers.location, from.url);
  if (location === undefined) throw refuse("to something that is not a URL");
  let target: Target;
  try {
    ({ target } = readTarget(location));
  } catch (cause) {
    throw refuse("to a URL that is none of a WebSocket", cause);
  }
  if (target.socketPath !== undefined) throw refuse("to a Unix socket, which no server may choose");
  // What was asked over TLS, answers included, must not be had without.
  if (from.isSecure && !target.isSecure) throw refuse(`from wss to ${target.label}, which is not encrypted`);
  return target;
}

/** Without a fragment, which is the browser's business, and without credentials, which are not the server's to choose. */
function locate(location: string | undefined, base: string): URL | undefined {
  if (location === undefined || !URL.canParse(location, base)) return undefined;
  const url = new URL(location, base);
  url.hash = "";
  url.username = "";
  url.password = "";
  return url;
}

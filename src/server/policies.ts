import type { Eventually } from "../internal/eventually.js";
import type { HeaderFields } from "../internal/header-fields.js";
import { hostnameOf } from "./host-policy.js";
import { Refusal, refusalOf } from "./refusal.js";
import type { UpgradeRequest } from "./upgrade-request.js";
import type { ResolvedUpgraderOptions } from "./upgrader-options.js";

/** What the policies made of a valid handshake. */
export interface Admitted<Data> {
  readonly data: Data;
  readonly subprotocol: string;
  readonly headers: HeaderFields;
}

type Policies<Data> = Pick<
  ResolvedUpgraderOptions<Data>,
  "checkHost" | "checkOrigin" | "chooseSubprotocol" | "authorize" | "responseHeaders"
>;

/**
 * Asks the policies in turn, once `answerable` is settled: steps for `settle`, since each of them may take its time and few do. Throws
 * what they throw, a `Refusal` among it.
 */
export function* decide<Data>(
  { checkHost, checkOrigin, chooseSubprotocol, authorize, responseHeaders }: Policies<Data>,
  request: UpgradeRequest,
  answerable: Eventually<void>,
): Generator<unknown, Admitted<Data> | Refusal, unknown> {
  yield answerable;
  if (!(yield checkHost(hostnameOf(request.host), request))) return refusalOf("host-not-allowed");
  // RFC 6455 §10.2: a server not meant for every page SHOULD check the Origin, and answer a bad one with 403.
  if (request.origin !== undefined && !(yield checkOrigin(request.origin, request))) {
    return refusalOf("origin-not-allowed");
  }
  const data = (yield authorize?.(request)) as Data | Refusal;
  if (data instanceof Refusal) return data;
  const { subprotocols } = request;
  const chosen = subprotocols.length > 0 ? yield chooseSubprotocol(subprotocols, request) : undefined;
  const subprotocol = chosen as string | undefined;
  // RFC 6455 §4.2.2 (4): the subprotocol MUST be one of those that the client offered.
  if (subprotocol !== undefined && !subprotocols.includes(subprotocol)) {
    throw new RangeError(`option subprotocols chose ${JSON.stringify(subprotocol)}, which the client did not offer`);
  }
  return { data, subprotocol: subprotocol ?? "", headers: (yield responseHeaders(request)) as HeaderFields };
}

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

/** Asks the policies in turn, each of which may take its time; rejects with what they throw, a `Refusal` among it. */
export async function decide<Data>(
  { checkHost, checkOrigin, chooseSubprotocol, authorize, responseHeaders }: Policies<Data>,
  request: UpgradeRequest,
): Promise<Admitted<Data> | Refusal> {
  if (!(await checkHost(hostnameOf(request.host), request))) return refusalOf("host-not-allowed");
  // RFC 6455 §10.2: a server not meant for every page SHOULD check the Origin, and answer a bad one with 403.
  if (request.origin !== undefined && !(await checkOrigin(request.origin, request))) {
    return refusalOf("origin-not-allowed");
  }
  const data = (await authorize?.(request)) as Data | Refusal;
  if (data instanceof Refusal) return data;
  const subprotocol =
    request.subprotocols.length > 0 ? await chooseSubprotocol(request.subprotocols, request) : undefined;
  // RFC 6455 §4.2.2 (4): the subprotocol MUST be one of those that the client offered.
  if (subprotocol !== undefined && !request.subprotocols.includes(subprotocol)) {
    throw new RangeError(`option subprotocols chose ${JSON.stringify(subprotocol)}, which the client did not offer`);
  }
  return { data, subprotocol: subprotocol ?? "", headers: await responseHeaders(request) };
}

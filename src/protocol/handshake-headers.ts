import { type ExtensionOffer, parseExtensionOffers } from "./extension-offer.js";
import type { HandshakeFaultCode } from "./handshake-fault.js";
import { parseSubprotocols } from "./token-list.js";

/** The values of each header of a handshake that counts, in the order received; nearly all come once or not at all. */
export type GatheredHeaders<Name extends string> = Readonly<Record<Name, readonly string[]>>;

/** What headers that did not come share. */
const NONE: readonly string[] = [];

/** The headers of these names, none of which has come yet: what `gatherHeaders` begins with. */
export function noHeaders<Name extends string>(names: readonly Name[]): GatheredHeaders<Name> {
  return Object.fromEntries(names.map((name) => [name, NONE])) as Record<Name, readonly string[]>;
}

/** The values of the headers that `none` names. `rawHeaders` has names and values in turn. Linear. */
export function gatherHeaders<Name extends string>(
  rawHeaders: readonly string[],
  none: GatheredHeaders<Name>,
): GatheredHeaders<Name> {
  const headers: Record<string, readonly string[]> = { ...none };
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (!Object.hasOwn(headers, name)) continue;
    const value = rawHeaders[i + 1] as string;
    const values = headers[name] as string[];
    if (values === NONE) headers[name] = [value];
    else values.push(value);
  }
  return headers as GatheredHeaders<Name>;
}

/** What a client asks for in the same headers over each version of HTTP; or what is wrong with them. */
export function readWishes(
  headers: GatheredHeaders<"sec-websocket-protocol" | "sec-websocket-extensions">,
): { readonly subprotocols: readonly string[]; readonly extensions: readonly ExtensionOffer[] } | HandshakeFaultCode {
  const subprotocols = parseSubprotocols(headers["sec-websocket-protocol"]);
  if (subprotocols === undefined) return "subprotocols-malformed";
  const extensions = parseExtensionOffers(headers["sec-websocket-extensions"]);
  return extensions === undefined ? "extensions-malformed" : { subprotocols, extensions };
}

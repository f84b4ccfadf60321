import { hash } from "node:crypto";

import { ACCEPT_GUID } from "../protocol/index.js";

/** The Sec-WebSocket-Accept that answers `key`. RFC 6455 §4.2.2 (5): the key and the GUID, hashed by SHA-1, in base64. */
export function acceptKey(key: string): string {
  return hash("sha1", key + ACCEPT_GUID, "base64");
}

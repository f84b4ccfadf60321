/** Close codes by name: RFC 6455 §7.4.1 and the IANA registry of WebSocket close codes. */
export const CloseCode = {
  /** The purpose is fulfilled. */
  normal: 1000,
  /** The server stops, or the page is left. */
  goingAway: 1001,
  /** The peer has broken the protocol. */
  protocolError: 1002,
  /** A message of a type that is not taken here. */
  unsupportedData: 1003,
  /** Never on the wire: stands for a close frame without a code. */
  noStatus: 1005,
  /** Never on the wire: stands for a connection that ended without a close frame. */
  abnormal: 1006,
  /** Text that is not UTF-8, or compressed data that is not whole. */
  invalidPayload: 1007,
  /** A message, or a rate of them, that is not allowed here. */
  policyViolation: 1008,
  /** A message above the limit. */
  messageTooBig: 1009,
  /** The client misses an extension in the server's answer. */
  mandatoryExtension: 1010,
  /** Something went wrong on this side. */
  internalError: 1011,
  /** The server restarts: come back. */
  serviceRestart: 1012,
  /** The server has too much to do: come back later. */
  tryAgainLater: 1013,
  /** A gateway got no proper answer from the server behind it. */
  badGateway: 1014,
  /** Never on the wire: stands for a failed TLS handshake. */
  tlsHandshake: 1015,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/**
 * Whether `code` may stand in a close frame, sent or received: 1000-1003 and 1007-1014 (registered), 3000-3999 (libraries,
 * registered) and 4000-4999 (private use).
 */
export function isCloseCodeOnWire(code: number): boolean {
  // RFC 6455 §7.4.1: 1005, 1006 and 1015 MUST NOT be set in a close frame; 1004 is reserved.
  // RFC 6455 §7.4.2: 0-999 are not used; 1016-2999 wait for a revision of the protocol.
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

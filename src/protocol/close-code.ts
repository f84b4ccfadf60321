/** Close codes by name: RFC 6455 §7.4.1 and the IANA registry of WebSocket close codes. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Never on the wire: stands for a close frame without a code. */
  noStatus: 1005,
  /** Never on the wire: stands for a connection that ended without a close frame. */
  abnormal: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  messageTooBig: 1009,
  mandatoryExtension: 1010,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
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

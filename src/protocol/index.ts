/**
 * RFC 6455, RFC 7692 and RFC 8441 without I/O: receiver, frame headers, close codes, handshakes, and the tables of all that can be wrong.
 *
 * @module halyard/protocol
 */

export { CloseCode, isCloseCodeOnWire } from "./close-code.js";
export {
  answerClose,
  answerTo,
  closeByPeer,
  closeByUs,
  cutTransport,
  failByUs,
  OPEN,
  type ClosedState,
  type Closer,
  type CloseState,
  type CloseSummary,
  withoutHandshake,
} from "./close-handshake.js";
export { buildClosePayload, MAX_REASON_BYTES, parseClosePayload, type ClosePayload } from "./close-payload.js";
export { type ExtensionOffer, type ExtensionParameter, parseExtensionOffers } from "./extension-offer.js";
export { type FaultCode, type FaultRow, faults } from "./fault.js";
export { Found, type FrameScanner, NUMBERS_A_FRAME } from "./frame-scanner.js";
export { FIN, frameHeaderLength, MAX_HEADER_BYTES, RSV1, writeFrameHeader, writeUint32 } from "./frame-header.js";
export { type HandshakeFaultCode, type HandshakeFaultRow, handshakeFaults } from "./handshake-fault.js";
export {
  type HandshakeAgreement,
  type HandshakeExpectation,
  type HandshakeFailure,
  type HandshakeResponse,
  readHandshakeAgreement,
  readHandshakeResponse,
} from "./handshake-response.js";
export {
  type Http2HandshakeFaultCode,
  type Http2HandshakeFaultRow,
  http2HandshakeFaults,
} from "./http2-handshake-fault.js";
export { type Http2HandshakeOffer, type Http2HandshakeRefusal, readHttp2Handshake } from "./http2-handshake.js";
export { applyMask, rotateMaskKey } from "./mask.js";
export { MessageBuffer } from "./message-buffer.js";
export { Opcode } from "./opcode.js";
export {
  ACCEPT_GUID,
  type HandshakeOffer,
  type HandshakeRefusal,
  type HandshakeRequest,
  readHandshake,
  WEBSOCKET_VERSION,
} from "./opening-handshake.js";
export {
  acceptDeflate,
  type DeflateAcceptance,
  type DeflateAgreement,
  type DeflateDirection,
  formatDeflateOffer,
} from "./permessage-deflate.js";
export type { MessageTypes, ReceiveLimits } from "./receive-limits.js";
export { Receiver } from "./receiver.js";
export type { ReceiverOptions, ReceiverSink, Role } from "./receiver-sink.js";
export {
  type ResponseFaultCode,
  type ResponseFaultRow,
  type ResponseFaultSubject,
  responseFaults,
} from "./response-fault.js";
export { listHasToken, selectSubprotocol } from "./token-list.js";
export { Utf8Validator } from "./utf8-validator.js";

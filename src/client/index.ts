/**
 * `connect` opens a WebSocket from Node; it resolves with the connection that servers have too.
 *
 * @module halyard/client
 */

export { Connection, ConnectionError, type ConnectionErrorCode, type ConnectionOptions } from "../connection/index.js";
export { broadcast, type BroadcastReport, prepare, PreparedMessage } from "../connection/index.js";
export type {
  CloseInfo,
  ConnectionHandler,
  ConnectionInspection,
  Message,
  MessageSource,
  MessageStream,
  Observer,
  Sendable,
  WholeMessage,
} from "../connection/index.js";
export { QueuedBytesBudget, type RateLimitOptions, type ReceiveOptions } from "../connection/index.js";
export type { HeaderFields } from "../internal/header-fields.js";
export { CloseCode, type FaultCode, type ResponseFaultCode } from "../protocol/index.js";
export type { ConnectFailEvent, ConnectOpenEvent } from "./connect-channels.js";
export {
  connectAdvice,
  ConnectError,
  type ConnectErrorCode,
  type HandshakeErrorCode,
  type ProxyAnswerErrorCode,
  type ProxyErrorCode,
} from "./connect-error.js";
export { checkConnectOptions, type ConnectOptions } from "./connect-options.js";
export { type ClientConnection, connect } from "./connect.js";
export { socketOf } from "./connection-socket.js";
export type { CookieJar } from "./cookie-jar.js";
export type { Dial, DialContext } from "./dial.js";
export type { HttpAnswer } from "./http-answer.js";
export type { TlsOptions } from "./tls-options.js";

/**
 * `WebSocket` and `WebSocketStream` of the web, for Node.
 *
 * @module halyard/web
 */

export { CloseEvent, type CloseEventConstructor, type CloseEventInit } from "./close-event.js";
export type { FailureEvent } from "./failure-event.js";
export type { WebConnectOptions, WebSocketOptions } from "./web-options.js";
export { type WebSocketCloseInfo, WebSocketError } from "./web-socket-error.js";
export {
  type WebSocketOpenInfo,
  WebSocketStream,
  type WebSocketStreamEnd,
  type WebSocketStreamOptions,
} from "./web-socket-stream.js";
export type {
  BinaryType,
  WebSocketConstructor,
  WebSocketEventMap,
  WebSocketListener,
  WebSocketListenerOptions,
} from "./web-socket-types.js";
export { WebSocket } from "./web-socket.js";

/**
 * `ReconnectingSocket`: a WebSocket that comes back, for browsers and Node.
 *
 * @module halyard/reconnecting
 */

export type { Environment, EnvironmentEvent } from "./environment.js";
export { mayReconnectAfter } from "./close-policy.js";
export { ReconnectingError, type ReconnectingErrorCode } from "./reconnecting-error.js";
export type { Heartbeat, ReconnectingOptions, UrlContext, UrlSource } from "./reconnecting-options.js";
export type { Loss, ReconnectingEvents } from "./reconnecting-events.js";
export { ReconnectingSocket } from "./reconnecting-socket.js";
export type { DropReason, EndReason, ReconnectingState, SocketClose } from "./reconnecting-state.js";
export type { BinaryType, Received, RuntimeBlob, Sendable } from "./sendable.js";
export type { OpenContext, OpenSocket, SocketLike } from "./socket-like.js";

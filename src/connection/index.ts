/**
 * One WebSocket over any duplex stream: receiving, sending with back-pressure, closing. `halyard/server` and `halyard/client` export
 * what a user of theirs needs of it; the rest is for those who bring their own transport.
 *
 * @module halyard/connection
 */

export { acceptKey } from "./accept-key.js";
export { formatAddress, unmapAddress } from "./address.js";
export { BareSocket, type BareSocketHome, canBeBare } from "./bare-socket.js";
export { Audience } from "./audience.js";
export { broadcast, type BroadcastReport } from "./broadcast.js";
export type { CloseInfo } from "./close-info.js";
export { ConnectionError, type ConnectionErrorCode } from "./connection-error.js";
export {
  type ConnectionOptions,
  connectionOptionNames,
  MAX_TIMEOUT_MS,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from "./connection-options.js";
export {
  checkHandler,
  Connection,
  type ConnectionDetails,
  type ConnectionHandler,
  type HttpVersion,
  linkOf,
  type OnError,
} from "./connection.js";
export type { ConnectionCloseEvent, ConnectionErrorEvent, ConnectionEvent } from "./connection-channels.js";
export type { ConnectionInspection } from "./inspection.js";
export { LaterHeaders } from "./later-headers.js";
export type { Link, LinkHome, LinkSetup } from "./link.js";
export { MaskKeys } from "./mask-keys.js";
export type { MessageStream, StreamOf } from "./message-stream.js";
export { bytesOf, type Message, type MessageSource, type WholeMessage } from "./message.js";
export type { ConnectionCounters } from "./observation.js";
export type { ObservedConnection, ObservedFrame, ObservedType, Observer } from "./observer.js";
export { tellObservers } from "./observers.js";
export type { OverdueCode } from "./overdue.js";
export { prepare, PreparedMessage } from "./prepared-message.js";
export { processBudget, QueuedBytesBudget } from "./queued-bytes-budget.js";
export type { RateLimitOptions } from "./rate-limit-options.js";
export { type CompressionOptions, withinBudget } from "./deflate/index.js";
export { TokenBucket } from "./token-bucket.js";
export type { SendOptions } from "./send-options.js";
export { heedErrors, ignoreErrors } from "./owned-socket.js";
export { destroySocket } from "./socket-end.js";
export { type HandleAddress, isNativeHandle, type SocketHandle } from "./socket-handle.js";
export type { SocketOwner } from "./socket-owner.js";
export type { Sendable } from "./sendable.js";
export { canShareReadBuffer, ReadBuffer, sharedReadBuffer } from "./read-buffer.js";
export type { ReceiveOptions } from "./timed-receive.js";
export { SpareHalves } from "./spare-halves.js";
export type { Transport } from "./transport.js";
export { WriteSlabPool } from "./write-slab-pool.js";
export { processTimers, type Ticker, type TimerOwner, TimerWheel, type WheelClock, WheelTimer } from "./timer-wheel.js";

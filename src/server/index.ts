/**
 * `serve` for a whole server, `Upgrader` for one that you have.
 *
 * @module halyard/server
 */

export { Connection, ConnectionError, type ConnectionErrorCode, type ConnectionOptions } from "../connection/index.js";
export { broadcast, type BroadcastReport, prepare, PreparedMessage } from "../connection/index.js";
export type {
  CloseInfo,
  CompressionOptions,
  ConnectionInspection,
  Observer,
  ConnectionHandler,
  HttpVersion,
  Message,
  MessageSource,
  MessageStream,
  Sendable,
  SendOptions,
  WholeMessage,
} from "../connection/index.js";
export { QueuedBytesBudget, type RateLimitOptions, type ReceiveOptions } from "../connection/index.js";
export type { HeaderFields } from "../internal/header-fields.js";
export { CloseCode, type FaultCode } from "../protocol/index.js";
export type { CloseOptions, DrainReport } from "./drain.js";
export { type Endpoint, runEndpoint } from "./endpoint.js";
export type { HealthOptions } from "./health.js";
export type { HostPolicy } from "./host-policy.js";
export type { OriginPolicy } from "./origin-policy.js";
export { expectProxyProtocol, ProxyProtocolError, type ProxyProtocolOptions } from "./proxy/proxy-protocol.js";
export type { ProxyHeaders, TrustProxy, TrustProxyOptions } from "./proxy/trust-proxy.js";
export type { TrustedProxies } from "./proxy/trusted-proxies.js";
export { Refusal, type RefusalCode, type RefusalInit, refuse } from "./refusal.js";
export type { ServerDrainEvent, UpgradeRefuseEvent } from "./server-channels.js";
export { guardHttp2Session } from "./session-guard.js";
export { serve, type ServeOptions } from "./serve.js";
export type { ServerCloseOptions } from "./server-close.js";
export type { Server, ServerRole } from "./server.js";
export type { PublishOptions, Topic } from "./topic.js";
export type { HttpRequest, UpgradeRequest } from "./upgrade-request.js";
export type { NodeRequest } from "./opening.js";
export {
  type Authorize,
  type ChooseSubprotocol,
  type ResponseHeaders,
  type UpgraderOptions,
} from "./upgrader-options.js";
export { Upgrader } from "./upgrader.js";
export type { WorkerCount } from "./workers/worker-count.js";
export { WorkerError, type WorkerErrorCode } from "./workers/worker-error.js";

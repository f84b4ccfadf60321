/** What the receiver lets a peer pile up. Every figure is a positive integer or `Infinity`. */
export interface ReceiveLimits {
  /** Bytes of payload in one frame; more is fault `frame-too-big`. */
  readonly maxFrameBytes: number;
  /** Bytes of payload in one message, its fragments added up; more is fault `message-too-big`. */
  readonly maxMessageBytes: number;
  /** Frames in one message, empty ones counted; more is fault `too-many-fragments`. */
  readonly maxFragments: number;
}

/** Which messages an endpoint takes; one of another type is fault `unsupported-data`. */
export type MessageTypes = "any" | "text" | "binary";

// Flags that say the same in `halyard serve` and in `halyard connect`.

/** What a message may be. */
export const messageLimitFlags = {
  "max-message-bytes": {
    group: "Limits, 0 for none",
    kind: "limit",
    placeholder: "BYTES",
    default: 1_048_576,
    description: "Bytes in a message; more ends in 1009",
  },
  "max-frame-bytes": {
    group: "Limits, 0 for none",
    kind: "limit",
    placeholder: "BYTES",
    description: "Bytes in a frame; more ends in 1009",
    otherwise: "as for messages",
  },
  "max-fragments": {
    group: "Limits, 0 for none",
    kind: "limit",
    placeholder: "COUNT",
    description: "Frames in a message; more ends in 1008",
    otherwise: "16384, more for larger messages",
  },
} as const;

/** How long there may be no message. */
export const idleTimeoutFlags = {
  "idle-timeout-ms": {
    group: "Times, 0 for off",
    kind: "count",
    placeholder: "MS",
    least: 0,
    most: 2_147_483_647,
    default: 0,
    description: "Time without a message either way; more ends in 1001",
    otherwise: "off",
  },
} as const;

/** Where frames are traced to. */
export const frameTraceFlags = {
  trace: {
    group: "Seeing inside",
    kind: "text",
    placeholder: "FILE",
    description: "Write every frame to FILE, for halyard trace; up to 64 MiB, and as much in FILE.1",
    otherwise: "off",
  },
  "trace-payload-bytes": {
    group: "Seeing inside",
    kind: "count",
    placeholder: "COUNT",
    least: 0,
    most: 1_024,
    default: 0,
    description: "Bytes of each payload that the trace keeps; they may be secret",
  },
} as const;

/** What every command has. */
export const programFlags = {
  help: { group: "Output", kind: "switch", short: "h", description: "Print this and exit" },
  version: { group: "Output", kind: "switch", short: "V", description: "Print the version and exit" },
} as const;

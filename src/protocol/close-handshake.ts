import { CloseCode } from "./close-code.js";
import type { ClosePayload } from "./close-payload.js";

/** Who was first to end the connection. */
export type Closer = "us" | "peer";

/**
 * How a connection ended. `code` and `reason` are those of whoever was first, which is the cause; RFC 6455 §7.1.5 and browsers
 * name the code received, which for the one who was first is the other's answer.
 */
export interface CloseSummary extends ClosePayload {
  /** Who was first. A connection that broke without a close frame counts as the peer's doing. */
  readonly by: Closer;
  /** Whether both close frames were exchanged and no fault was the cause. */
  readonly clean: boolean;
}

/** The closing handshake, RFC 6455 §7.1, as the state that it is in. */
export type CloseState =
  | { readonly kind: "open" }
  /** One side has sent its close frame; `payload` is what that frame said. */
  | { readonly kind: "closing"; readonly by: Closer; readonly payload: ClosePayload }
  /** Both have, or it was cut short: only the transport is left to end. */
  | ClosedState;

/** The connection is over. */
export interface ClosedState {
  /** Tells this state from the others. */
  readonly kind: "closed";
  /** How it ended. */
  readonly summary: CloseSummary;
}

/** The state that every connection begins in. */
export const OPEN: CloseState = { kind: "open" };

/** We send a close frame first. Later ones change nothing: RFC 6455 §5.5.1 allows one. */
export function closeByUs(state: CloseState, payload: ClosePayload): CloseState {
  return state.kind === "open" ? { kind: "closing", by: "us", payload } : state;
}

/** The peer's close frame has come: the first, to be answered, or the answer to ours. */
export function closeByPeer(state: CloseState, payload: ClosePayload): CloseState {
  if (state.kind === "open") return { kind: "closing", by: "peer", payload };
  if (state.kind === "closing" && state.by === "us") return closed(state.payload, "us", true);
  return state;
}

/** Our answer to the peer's close frame is on its way. */
export function answerClose(state: CloseState): CloseState {
  return state.kind === "closing" && state.by === "peer" ? closed(state.payload, "peer", true) : state;
}

/** We give up on the peer with a last close frame that waits for no answer: RFC 6455 §7.1.7, "fail the connection". */
export function failByUs(state: CloseState, payload: ClosePayload): ClosedState {
  if (state.kind === "closed") return state;
  return state.kind === "open" ? closed(payload, "us", false) : closed(state.payload, state.by, false);
}

/** The transport has ended, or we have destroyed it (`by` us). RFC 6455 §7.1.5: no close frame is 1006. */
export function cutTransport(state: CloseState, by: Closer): ClosedState {
  if (state.kind === "closed") return state;
  if (state.kind === "closing") return closed(state.payload, state.by, false);
  return closed({ code: CloseCode.abnormal, reason: "" }, by, false);
}

/** The same end, where it has turned out that our close frame never left. */
export function withoutHandshake({ summary }: ClosedState): ClosedState {
  return closed(summary, summary.by, false);
}

/** The close frame that answers one that said `payload`. RFC 6455 §5.5.1: it typically echoes the code received. */
export function answerTo(payload: ClosePayload): ClosePayload {
  return { code: payload.code, reason: "" };
}

function closed(payload: ClosePayload, by: Closer, clean: boolean): ClosedState {
  return { kind: "closed", summary: { code: payload.code, reason: payload.reason, by, clean } };
}

// @ts-check

import { describeDuration, describeSize } from "./describe.js";
import { findElement } from "./find-element.js";

/** @typedef {import("./reconnecting.js").ReconnectingState} State */

const SPARKLINE_WIDTH = 120;
const SPARKLINE_HEIGHT = 40;

/**
 * Shows the state of the connection, and one more line about it.
 *
 * @param {State} state
 * @param {string} detail
 */
export function showState(state, detail) {
  const [name, text] = nameState(state);
  document.body.dataset["state"] = name;
  findElement("endpoint", HTMLElement).textContent = detail;
  const reconnect = findElement("reconnect", HTMLButtonElement);
  reconnect.textContent = name === "closed" ? "Reconnect" : "Reconnect now";
  // A button that hides takes the keyboard's focus with it.
  if (name === "connected" && document.activeElement === reconnect) findElement("input", HTMLElement).focus();
  reconnect.hidden = name === "connecting" || name === "connected";
  // aria-disabled, not disabled: a disabled button would throw the keyboard's focus away when the connection closes.
  for (const id of ["send", "send-binary", "send-large"]) {
    findElement(id, HTMLButtonElement).setAttribute("aria-disabled", String(name !== "connected"));
  }
  clearInterval(countdown);
  const reading = findElement("state", HTMLElement);
  reading.textContent = text();
  if (state.kind === "waiting") countdown = setInterval(() => (reading.textContent = text()), 250);
}

/** @type {ReturnType<typeof setInterval> | undefined} */
let countdown;

/**
 * What the style goes by, and what is read.
 *
 * @param {State} state
 * @returns {["connecting" | "connected" | "reconnecting" | "closed", () => string]}
 */
function nameState(state) {
  switch (state.kind) {
    case "connecting":
      return state.reason === undefined
        ? ["connecting", () => "Connecting"]
        : ["reconnecting", () => "Reconnecting now"];
    case "waiting":
      return ["reconnecting", () => `Reconnecting in ${secondsUntil(state.retryAtMs)} s`];
    case "open":
      return ["connected", () => "Connected"];
    case "closing":
    case "closed":
      return ["closed", () => "Closed"];
  }
}

/** @param {number} timeMs */
function secondsUntil(timeMs) {
  return Math.max(1, Math.ceil((timeMs - Date.now()) / 1000));
}

/** @param {import("./round-trips.js").RoundTrips} roundTrips */
export function showRoundTrips({ recentMs, medianMs }) {
  const lastMs = recentMs.at(-1);
  if (lastMs === undefined || medianMs === undefined) return;
  findElement("round-trip", HTMLElement).textContent = describeDuration(lastMs);
  findElement("round-trip-detail", HTMLElement).textContent =
    `median of ${recentMs.length}: ${describeDuration(medianMs)}`;
  findElement("sparkline", SVGElement).querySelector("polyline")?.setAttribute("points", sparkline(recentMs));
}

/** @param {{ sent: number, sentBytes: number, echoed: number }} traffic */
export function showTraffic({ sent, sentBytes, echoed }) {
  findElement("sent", HTMLElement).textContent = sent.toLocaleString("en");
  findElement("sent-detail", HTMLElement).textContent =
    `${describeSize(sentBytes)}, ${echoed.toLocaleString("en")} echoed`;
}

/**
 * The points of a line through the values, oldest at the left, the largest at the top.
 *
 * @param {readonly number[]} values
 */
function sparkline(values) {
  const largest = Math.max(...values, Number.MIN_VALUE);
  const step = SPARKLINE_WIDTH / Math.max(1, values.length - 1);
  const points = values.map((value, index) => {
    const y = SPARKLINE_HEIGHT - 2 - (value / largest) * (SPARKLINE_HEIGHT - 4);
    return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
  });
  return points.join(" ");
}

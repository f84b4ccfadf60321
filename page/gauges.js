// @ts-check

import { describeDuration, describeSize } from "./describe.js";
import { findElement } from "./find-element.js";

/** @typedef {"connecting" | "connected" | "closed"} State */

/** @type {Record<State, string>} */
const STATE_NAMES = { connecting: "Connecting", connected: "Connected", closed: "Closed" };

const SPARKLINE_WIDTH = 120;
const SPARKLINE_HEIGHT = 40;

/**
 * Shows the state of the connection, and one more line about it.
 *
 * @param {State} state
 * @param {string} detail
 */
export function showState(state, detail) {
  document.body.dataset["state"] = state;
  findElement("state", HTMLElement).textContent = STATE_NAMES[state];
  findElement("endpoint", HTMLElement).textContent = detail;
  findElement("reconnect", HTMLButtonElement).hidden = state !== "closed";
  // aria-disabled, not disabled: a disabled button would throw the keyboard's focus away when the connection closes.
  for (const id of ["send", "send-binary", "send-large"]) {
    findElement(id, HTMLButtonElement).setAttribute("aria-disabled", String(state !== "connected"));
  }
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

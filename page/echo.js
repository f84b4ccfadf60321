// @ts-check

import { describeDuration, describeMessage, describeReason } from "./describe.js";
import { findElement } from "./find-element.js";
import { showRoundTrips, showState, showTraffic } from "./gauges.js";
import { MessageLog } from "./message-log.js";
import { ReconnectingSocket } from "./reconnecting.js";
import { RoundTrips } from "./round-trips.js";

/** Above this the page waits for the network instead of piling up messages in memory. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

const LARGE_MESSAGE_BYTES = 256 * 1024;

const input = findElement("input", HTMLInputElement);
const log = new MessageLog(findElement("output", HTMLElement));
const roundTrips = new RoundTrips();
const traffic = { sent: 0, sentBytes: 0, echoed: 0 };
const encoder = new TextEncoder();

/** The reason that the log told last. */
let told = "";

const endpoint = new URL("/echo", location.href);
endpoint.protocol = location.protocol === "https:" ? "wss:" : "ws:";

/**
 * Where the page came over HTTP/1.1, so does its WebSocket. Elsewhere the server is asked to say so in its first message: a browser
 * does not tell.
 */
const [navigation] = performance.getEntriesByType("navigation");
const isHttp1 = navigation instanceof PerformanceNavigationTiming && navigation.nextHopProtocol === "http/1.1";
const asking = isHttp1 ? endpoint : new URL("?http", endpoint);

/** Whether the next message is to be the server's word of its version. */
let isAwaitingVersion = false;

let socket = connect();

/** Opens a connection to /echo of the host that served this page: wss:// from https://, ws:// from http://. */
function connect() {
  const opening = new ReconnectingSocket(asking, { maxDelayMs: 10_000, maxQueuedBytes: 4 * MAX_BUFFERED_BYTES });
  log.add("Status", `Connecting to ${endpoint.href}`);
  opening.on("state", showChange);
  opening.on("message", (data) => showReceived(typeof data === "string" ? data : new Uint8Array(data)));
  showState(opening.state, endpoint.href);
  return opening;
}

/** @param {import("./reconnecting.js").ReconnectingState} state */
function showChange(state) {
  isAwaitingVersion = !isHttp1 && state.kind === "open";
  if (state.kind === "open") {
    log.add("Status", "Connected");
    findElement("hint", HTMLElement).textContent = "";
  } else {
    roundTrips.forgetWaiting();
  }
  const reason = "reason" in state && state.reason !== undefined ? describeReason(state.reason) : "";
  const place = state.kind === "open" && isHttp1 ? `${endpoint.href} over HTTP/1.1` : endpoint.href;
  showState(state, reason === "" ? place : reason);
  // One line for each time the connection goes, and one when it does not come back at once: not one for each attempt.
  const isNews = state.kind === "closed" || (state.kind === "waiting" && reason !== told);
  if (isNews) log.add("Status", reason);
  if (state.kind !== "connecting") told = reason;
}

/** @param {string | Uint8Array} message */
function showReceived(message) {
  const isVersion = isAwaitingVersion && typeof message === "string" && /^HTTP\/\d\.\d$/.test(message);
  isAwaitingVersion = false;
  if (isVersion) {
    showState(socket.state, `${endpoint.href} over ${message.replace("2.0", "2")}`);
    return;
  }
  const roundTripMs = roundTrips.received(message, performance.now());
  log.add("Server", describeMessage(message), roundTripMs === undefined ? "" : describeDuration(roundTripMs));
  if (roundTripMs === undefined) return;
  traffic.echoed += 1;
  showTraffic(traffic);
  showRoundTrips(roundTrips);
}

/**
 * Sends a message, or says why not.
 *
 * @param {string | Uint8Array<ArrayBuffer>} message
 * @returns {boolean} Whether it was sent.
 */
function send(message) {
  const obstacle = findObstacle();
  findElement("hint", HTMLElement).textContent = obstacle;
  if (obstacle !== "") return false;

  const size = sizeOf(message);
  roundTrips.sent(message, size, performance.now());
  socket.send(message); // first, so that drawing the line below is no part of the round trip
  log.add("You", describeMessage(message));
  traffic.sent += 1;
  traffic.sentBytes += size;
  showTraffic(traffic);
  return true;
}

/** What keeps the page from sending now, in words, or an empty string. */
function findObstacle() {
  if (socket.state.kind === "closed") return "Not connected: press Reconnect.";
  if (socket.state.kind !== "open") return "Not connected yet: wait a moment, or press Reconnect now.";
  if (socket.bufferedBytes > MAX_BUFFERED_BYTES) return "The network is slower than you: wait a moment.";
  return "";
}

/** @param {string | Uint8Array} message */
function sizeOf(message) {
  return typeof message === "string" ? encoder.encode(message).length : message.length;
}

/** Text of exactly the wanted length in which no two places look alike, so that a shortened echo cannot pass. */
function createLargeText() {
  let text = "";
  for (let line = 1; text.length < LARGE_MESSAGE_BYTES; line += 1) text += `${line} fathoms deep. `;
  return text.slice(0, LARGE_MESSAGE_BYTES);
}

findElement("composer", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  if (send(input.value)) input.value = "";
  input.focus();
});

findElement("send-binary", HTMLButtonElement).addEventListener("click", () => {
  const typed = encoder.encode(input.value);
  if (send(typed.length > 0 ? typed : crypto.getRandomValues(new Uint8Array(12)))) input.value = "";
});

findElement("send-large", HTMLButtonElement).addEventListener("click", () => {
  send(createLargeText());
});

findElement("reconnect", HTMLButtonElement).addEventListener("click", () => {
  findElement("hint", HTMLElement).textContent = "";
  if (socket.state.kind === "closed") socket = connect();
  else socket.reconnect();
});

// Where a keyboard is at hand a visitor can type at once; on a phone the keyboard would cover the page.
if (matchMedia("(pointer: fine)").matches) input.focus();

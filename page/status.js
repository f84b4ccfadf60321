// What goes on in `halyard serve`, drawn as it moves. The token comes behind the # of the address, or is asked for.

import { findElement } from "./find-element.js";

const SECONDS_SHOWN = 120;
const RETRY_MS = 2_000;

/**
 * @typedef {{ count: number, sum: number }} Latency
 * @typedef {{
 *   uptimeMs: number, open: number, queuedBytes: number, messagesReceived: number, messagesSent: number,
 *   bytesReceived: number, bytesSent: number, handling: Latency, roundTrips: Latency,
 *   closes: Record<string, number>, errors: Record<string, number>, refusals: Record<string, number>,
 * }} Report
 * @typedef {{
 *   name: string, format: (value: number) => string,
 *   read: (now: Report, before: Report, seconds: number) => number | undefined,
 * }} Gauge
 */

const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const count = new Intl.NumberFormat("en");

/** @type {readonly Gauge[]} */
const gauges = [
  { name: "Connections", format: (value) => count.format(value), read: (now) => now.open },
  rate("Messages in", perSecond, ({ messagesReceived }) => messagesReceived),
  rate("Messages out", perSecond, ({ messagesSent }) => messagesSent),
  mean("Handling", ({ handling }) => handling),
  { name: "Queued", format: bytes, read: (now) => now.queuedBytes },
  rate(
    "Bytes in",
    (value) => `${bytes(value)}/s`,
    ({ bytesReceived }) => bytesReceived,
  ),
  rate(
    "Bytes out",
    (value) => `${bytes(value)}/s`,
    ({ bytesSent }) => bytesSent,
  ),
  mean("Round trip", ({ roundTrips }) => roundTrips),
];

/** @param {number} value */
function perSecond(value) {
  return `${number.format(value)}/s`;
}

/** @param {number} value */
function bytes(value) {
  const power = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), 4);
  return `${number.format(value / 1_000 ** power)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

/** @type {(name: string, format: Gauge["format"], total: (report: Report) => number) => Gauge} */
function rate(name, format, total) {
  return { name, format, read: (now, last, seconds) => (total(now) - total(last)) / seconds };
}

/** Of what was measured since the last report; nothing where nothing was. @type {(name: string, latency: (report: Report) => Latency) => Gauge} */
function mean(name, latency) {
  return {
    name,
    format: (value) => `${number.format(value)} ms`,
    read: (now, last) => {
      const times = latency(now).count - latency(last).count;
      return times === 0 ? undefined : (latency(now).sum - latency(last).sum) / times;
    },
  };
}

const state = findElement("state", HTMLElement);
const ask = findElement("ask", HTMLFormElement);
const input = findElement("token", HTMLInputElement);
const counts = findElement("counts", HTMLElement);
const inside = findElement("inside", HTMLElement);
const cards = gauges.map((gauge) => card(gauge));
let token = location.hash.slice(1);
history.replaceState(null, "", location.pathname); // it shall not stay in the address bar
/** @type {Report | undefined} */
let before;

/** @param {Gauge} gauge */
function card(gauge) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = gauge.name;
  const output = document.createElement("output");
  output.setAttribute("aria-live", "off"); // read when asked for, not every second
  output.setAttribute("aria-label", gauge.name);
  output.textContent = "–";
  const peak = document.createElement("span");
  peak.className = "peak";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${SECONDS_SHOWN - 1} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.append(line);
  figure.append(caption, peak, output, svg);
  findElement("gauges", HTMLElement).append(figure);
  return { gauge, output, peak, line, values: /** @type {(number | undefined)[]} */ ([]) };
}

/** @param {Report} now */
function show(now) {
  const last = before;
  before = now;
  if (last === undefined) return; // rates take two
  const seconds = Math.max((now.uptimeMs - last.uptimeMs) / 1_000, 0.001);
  for (const { gauge, output, peak, line, values } of cards) {
    const value = gauge.read(now, last, seconds);
    values.push(value);
    if (values.length > SECONDS_SHOWN) values.shift();
    const most = Math.max(...values.map((each) => each ?? 0));
    output.textContent = value === undefined ? "–" : gauge.format(value);
    peak.textContent = most === 0 ? "" : `peak ${gauge.format(most)}`;
    line.setAttribute("d", pathOf(values, most));
  }
  inside.hidden = false;
  counts.replaceChildren(...rows("Closed", now.closes), ...rows("Error", now.errors), ...rows("Refused", now.refusals));
}

/** The line through what is known; from the right, where now is. @param {readonly (number | undefined)[]} values @param {number} most */
function pathOf(values, most) {
  const from = SECONDS_SHOWN - values.length;
  const points = values.map((value, at) => {
    if (value === undefined) return "";
    const isNext = at > 0 && values[at - 1] !== undefined;
    return `${isNext ? "L" : "M"}${from + at} ${98 - (value / Math.max(most, 1e-9)) * 94}`;
  });
  return points.join("");
}

/** @param {string} what @param {Record<string, number>} byCode */
function rows(what, byCode) {
  return Object.entries(byCode).map(([code, times]) => {
    const row = document.createElement("tr");
    for (const text of [what, code, count.format(times)]) row.insertCell().textContent = text;
    return row;
  });
}

/** @param {"waiting" | "live" | "lost"} kind @param {string} text */
function say(kind, text) {
  document.body.dataset["state"] = kind;
  state.textContent = text;
}

/** Reads the events until they end. */
async function follow() {
  /** @type {Record<string, string>} */
  const headers = token === "" ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch("/status/events", { headers });
  if (response.status === 401) {
    ask.hidden = false;
    inside.hidden = true;
    say("waiting", token === "" ? "This server wants a token" : "That is not the token");
    await new Promise((resolve) => ask.addEventListener("submit", resolve, { once: true }));
    return;
  }
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  ask.hidden = true;
  say("live", "Live");
  before = undefined; // it may be another process, which counts from the start
  let text = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the server has ended the stream");
    const events = (text + value).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) show(JSON.parse(event.slice("data: ".length)));
  }
}

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  token = input.value.trim();
});

for (;;) {
  try {
    await follow();
  } catch {
    say("lost", "The server does not answer; trying again");
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

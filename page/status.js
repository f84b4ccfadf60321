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
 * @typedef {{ name: string, unit: string, read: (now: Report, before: Report, seconds: number) => number }} Gauge
 */

/** @type {readonly Gauge[]} */
const gauges = [
  { name: "Connections", unit: "", read: (now) => now.open },
  rate("Messages in", "/s", ({ messagesReceived }) => messagesReceived),
  rate("Messages out", "/s", ({ messagesSent }) => messagesSent),
  rate("Bytes in", "B/s", ({ bytesReceived }) => bytesReceived),
  rate("Bytes out", "B/s", ({ bytesSent }) => bytesSent),
  { name: "Queued", unit: "B", read: (now) => now.queuedBytes },
  mean("Handler time", ({ handling }) => handling),
  mean("Ping round trip", ({ roundTrips }) => roundTrips),
];

/** @type {(name: string, unit: string, total: (report: Report) => number) => Gauge} */
function rate(name, unit, total) {
  return { name, unit, read: (now, before, seconds) => (total(now) - total(before)) / seconds };
}

/** @type {(name: string, latency: (report: Report) => Latency) => Gauge} */
function mean(name, latency) {
  return {
    name,
    unit: "ms",
    read: (now, before) => {
      const count = latency(now).count - latency(before).count;
      return count === 0 ? 0 : (latency(now).sum - latency(before).sum) / count;
    },
  };
}

const state = findElement("state", HTMLElement);
const ask = findElement("ask", HTMLFormElement);
const input = findElement("token", HTMLInputElement);
const counts = findElement("counts", HTMLElement);
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const cards = gauges.map((gauge) => card(gauge));
let token = location.hash.slice(1);
history.replaceState(null, "", location.pathname); // it shall not stay in the address bar
/** @type {Report | undefined} */
let before;

/** @param {Gauge} gauge */
function card(gauge) {
  const { name } = gauge;
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = name;
  const output = document.createElement("output");
  output.setAttribute("aria-live", "off"); // read when asked for, not every second
  output.setAttribute("aria-label", name);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${SECONDS_SHOWN - 1} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  svg.append(line);
  figure.append(caption, output, svg);
  findElement("gauges", HTMLElement).append(figure);
  return { gauge, output, line, values: /** @type {number[]} */ ([]) };
}

/** @param {Report} now */
function show(now) {
  const last = before ?? now;
  const seconds = Math.max((now.uptimeMs - last.uptimeMs) / 1_000, 0.001);
  before = now;
  for (const { gauge, output, line, values } of cards) {
    const { read, unit } = gauge;
    const value = read(now, last, seconds);
    values.push(value);
    if (values.length > SECONDS_SHOWN) values.shift();
    const most = Math.max(...values, 1e-9);
    const from = SECONDS_SHOWN - values.length;
    output.textContent = `${number.format(value)} ${unit}`.trim();
    line.setAttribute("points", values.map((each, at) => `${from + at},${98 - (each / most) * 94}`).join(" "));
  }
  counts.replaceChildren(
    ...rows("Closed with", now.closes),
    ...rows("Error", now.errors),
    ...rows("Refused", now.refusals),
  );
}

/** @param {string} what @param {Record<string, number>} byCode */
function rows(what, byCode) {
  return Object.entries(byCode).map(([code, count]) => {
    const row = document.createElement("tr");
    for (const text of [what, code, number.format(count)]) row.insertCell().textContent = text;
    return row;
  });
}

/** Reads the events until they end. */
async function follow() {
  /** @type {Record<string, string>} */
  const headers = token === "" ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch("/status/events", { headers });
  if (response.status === 401) {
    ask.hidden = false;
    state.textContent = token === "" ? "This server wants a token" : "That is not the token";
    await new Promise((resolve) => ask.addEventListener("submit", resolve, { once: true }));
    return;
  }
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  ask.hidden = true;
  state.textContent = "Connected";
  let text = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
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
    state.textContent = "The server does not answer; trying again";
    before = undefined;
  }
  await new Promise((resolve) => setTimeout(resolve, before === undefined ? RETRY_MS : 100));
}

import type { Summary } from "../statistics.js";
import type { Workload } from "../workloads.js";
import type { BenchResults, PeerResults, WorkloadResults } from "./results.js";

/** One picture of a run: what a message costs the server, a panel for each workload, in SVG without scripts or fonts of its own. */
export function toChart(results: BenchResults): string {
  const panels = charted(results.workloads).flatMap(panelOf);
  const rows = inRows(panels);
  const height = HEAD + rows.reduce((sum, row) => sum + rowHeight(row), 0);
  let y = HEAD;
  const drawn = rows.map((row) => {
    const parts = row.map((panel, column) => drawPanel(panel, MARGIN + column * (PANEL_WIDTH + MARGIN), y));
    y += rowHeight(row);
    return parts.join("");
  });
  const { cpu, node } = results.machine;
  const subtitle = `median, and min to max, of ${results.rounds} rounds; server on one core of ${cpu}, Node ${node}; shorter is better`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(MARGIN, 30, "CPU time per message, microseconds", 'font-size="18" font-weight="600"'),
    text(MARGIN, 50, subtitle, 'fill="#555"'),
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

interface Bar {
  readonly title: string;
  readonly value: Summary;
  readonly isOurs: boolean;
}

interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const COLUMNS = 2;
const PANEL_WIDTH = 460;
const MARGIN = 24;
const WIDTH = COLUMNS * (PANEL_WIDTH + MARGIN) + MARGIN;
const HEAD = 70;
const BAR = 16;
const STEP = 22;
const LABEL_WIDTH = 165;
const VALUE_WIDTH = 60;

/** One of a kind: a chart of everything would be a wall. */
const CHARTED: readonly string[] = [
  "echo-64B-1",
  "echo-64B-16",
  "echo-64B-1-1000c",
  "echo-16KiB-1",
  "echo-1MiB-1",
  "echo-chinese-4KiB-4",
  "broadcast-500-1",
  "broadcast-500-16",
  "deflate-no-takeover",
  "wss-64B-1",
  "client-64B-16",
  "handshakes",
];

/** What was run of those; of a run without any of them, everything. */
function charted(workloads: readonly WorkloadResults[]): readonly WorkloadResults[] {
  const chosen = workloads.filter(({ workload }) => CHARTED.includes(workload.id));
  return chosen.length > 0 ? chosen : workloads;
}

/** Workloads that have a figure per message; those at a fixed rate show latency, which is another picture. */
function panelOf({ workload, peers }: WorkloadResults): Panel[] {
  if (workload.kind === "echo" && workload.loadShare !== undefined) return [];
  const bars = peers.flatMap(barOf);
  return bars.length === 0 ? [] : [{ title: panelTitle(workload), bars }];
}

function barOf({ peer, title, summary: { cpuUs } }: PeerResults): Bar[] {
  if (cpuUs === undefined) return [];
  return [{ title: title.replaceAll("`", ""), value: cpuUs, isOurs: peer.startsWith("halyard") }];
}

function panelTitle({ kind, title }: Workload): string {
  return kind === "client" ? `${title} (the client's)` : title;
}

function inRows(panels: readonly Panel[]): readonly (readonly Panel[])[] {
  const count = Math.ceil(panels.length / COLUMNS);
  return Array.from({ length: count }, (_, row) => panels.slice(row * COLUMNS, (row + 1) * COLUMNS));
}

function rowHeight(row: readonly Panel[]): number {
  return 50 + Math.max(...row.map(({ bars }) => bars.length)) * STEP;
}

function drawPanel({ title, bars }: Panel, x: number, y: number): string {
  const room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const scale = room / longest(bars);
  const heading = text(x, y + 18, title, 'font-weight="600"');
  return heading + bars.map((bar, index) => drawBar(bar, x, y + 28 + index * STEP, scale, room)).join("");
}

/** Bars are to be compared with each other, not with one that is ten times as long as the rest: that one is cut. */
function longest(bars: readonly Bar[]): number {
  const medians = bars.map(({ value }) => value.median).toSorted((a, b) => b - a);
  const [first = 1, second = first] = medians;
  return first > 4 * second ? second * 1.5 : first * 1.15;
}

function drawBar({ title, value, isOurs }: Bar, x: number, y: number, scale: number, room: number): string {
  const left = x + LABEL_WIDTH;
  const at = (amount: number): number => Math.min(room, amount * scale);
  const middle = y + BAR / 2;
  const isCut = value.median * scale > room;
  const figure = isCut ? `${number(value.median)} (cut)` : number(value.median);
  return [
    text(left - 6, y + 12, title, `text-anchor="end"${isOurs ? ' font-weight="600"' : ""}`),
    `<rect x="${left}" y="${y}" width="${round(at(value.median))}" height="${BAR}" fill="${isOurs ? "#0b7285" : "#adb5bd"}"/>`,
    `<path d="M${round(left + at(value.min))} ${middle}H${round(left + at(value.max))}" stroke="#212529" stroke-width="1.5"/>`,
    text(round(left + Math.max(at(value.median), at(value.max)) + 6), y + 12, figure, ""),
  ].join("");
}

function text(x: number, y: number, words: string, attributes: string): string {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<text x="${x}" y="${y}"${attributes === "" ? "" : ` ${attributes}`}>${escaped}</text>`;
}

function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toFixed(2);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** `npm run bench:http2`: what a WebSocket over HTTP/2 takes of memory and time, beside one over HTTP/1.1, both over TLS, as a table. */
import { ChildProgram } from "../control/child-program.js";
import type { ServerReport, TlsFiles } from "../control/messages.js";
import { detectPinning } from "../control/pinning.js";
import { tlsFiles } from "../control/tls-files.js";
import { programPath } from "../peers/javascript.js";
import { summarise } from "../statistics.js";
import { Crowd, type Talk } from "./crowd.js";

const CONNECTIONS = 2_000;
const TALKERS = 64;
const ROUNDS = 5;
const DEADLINE_MS = 60_000;

const workloads: Readonly<Record<string, Talk>> = {
  "64 B, 1 in flight": { talkers: TALKERS, bytes: 64, inFlight: 1, rounds: 500 },
  "64 B, 16 in flight": { talkers: TALKERS, bytes: 64, inFlight: 16, rounds: 100 },
  "1 MiB, 1 in flight on 4": { talkers: 4, bytes: 1024 * 1024, inFlight: 1, rounds: 50 },
};

/** Of the server, in one round. */
interface Figures {
  readonly kibPerConnection: number;
  readonly handshakeUs: number;
  readonly echoes: Readonly<Record<string, EchoFigures>>;
}

interface EchoFigures {
  readonly perSecond: number;
  readonly cpuUs: number;
}

async function measure(http2: boolean, files: TlsFiles): Promise<Figures> {
  const server = new ChildProgram<ServerReport>({
    name: http2 ? "HTTP/2" : "HTTP/1.1",
    role: "server",
    pinning: detectPinning(),
    command: [process.execPath, "--expose-gc", programPath("servers/http2-halyard"), JSON.stringify(files)],
  });
  const usage = async (): Promise<{ cpuUs: number; rssBytes: number }> => {
    // Garbage is not taken for what is in use.
    await server.ask("gc", "collected", DEADLINE_MS);
    const { cpu, rssBytes } = await server.ask("usage", "usage", DEADLINE_MS);
    return { cpuUs: cpu.user + cpu.system, rssBytes };
  };
  const { port } = await server.next("listening", DEADLINE_MS);
  // The first connections pay for what all share.
  const first = await Crowd.join(port, http2, TALKERS);
  await first.echo({ talkers: TALKERS, bytes: 64, inFlight: 16, rounds: 100 });
  const before = await usage();
  const crowd = await Crowd.join(port, http2, CONNECTIONS);
  const joined = await usage();
  const echoes: Record<string, EchoFigures> = {};
  for (const [name, talk] of Object.entries(workloads)) {
    const { cpuUs } = await usage();
    const startMs = performance.now();
    await crowd.echo(talk);
    const seconds = (performance.now() - startMs) / 1_000;
    const count = talk.talkers * talk.inFlight * talk.rounds;
    echoes[name] = { perSecond: count / seconds, cpuUs: ((await usage()).cpuUs - cpuUs) / count };
  }
  for (const each of [crowd, first]) each.leave();
  await server.end();
  return {
    kibPerConnection: (joined.rssBytes - before.rssBytes) / CONNECTIONS / 1024,
    handshakeUs: (joined.cpuUs - before.cpuUs) / CONNECTIONS,
    echoes,
  };
}

const files = tlsFiles();
if (files === undefined) throw new Error("this needs openssl, for a certificate: apt-get install openssl");
const rounds: { readonly http1: Figures; readonly http2: Figures }[] = [];
for (let round = 0; round < ROUNDS; round++) {
  rounds.push({ http1: await measure(false, files), http2: await measure(true, files) });
}

function row(title: string, digits: number, figureOf: (figures: Figures) => number): string {
  const http1 = rounds.map((round) => figureOf(round.http1));
  const http2 = rounds.map((round) => figureOf(round.http2));
  const ratios = http2.map((figure, index) => figure / (http1[index] as number));
  const cells = [...[http1, http2].map((each) => summarise(each).median.toFixed(digits)), rangeOf(ratios)];
  return `| ${title} | ${cells.join(" | ")} |`;
}

function rangeOf(ratios: readonly number[]): string {
  const { median, min, max } = summarise(ratios);
  return `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
}

console.log(
  [
    "| of the server | HTTP/1.1 | HTTP/2 | HTTP/2 ÷ HTTP/1.1 |",
    "| --- | ---: | ---: | ---: |",
    row("memory per idle connection, KiB", 1, ({ kibPerConnection }) => kibPerConnection),
    row("CPU per handshake, µs", 0, ({ handshakeUs }) => handshakeUs),
    ...Object.keys(workloads).flatMap((name) => [
      row(`echoes a second, ${name}`, 0, ({ echoes }) => echoes[name]?.perSecond ?? Number.NaN),
      row(`CPU per echo, ${name}, µs`, 1, ({ echoes }) => echoes[name]?.cpuUs ?? Number.NaN),
    ]),
  ].join("\n"),
);

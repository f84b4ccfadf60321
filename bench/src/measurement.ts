import type { CpuTime, GarbageReport, Latency } from "./control/messages.js";
import { summarise, type Summary } from "./statistics.js";

/** What one round of load on one peer measured. */
export interface LoadRound {
  readonly kind: "load";
  /** Replies, deliveries or handshakes. Everything sent was answered when the clocks were read. */
  readonly messages: number;
  /** Replies whose every byte was compared. */
  readonly comparedMessages: number;
  /** From the first write to the last reply, on the generator's clock. */
  readonly elapsedMs: number;
  /** Of the one that is tested: the server, or the client in the client role. */
  readonly testedCpu: CpuTime;
  /** Of the other side. */
  readonly otherCpu: CpuTime;
  readonly latency: Latency;
  /** Resident memory of the one that is tested, right after the load. */
  readonly rssBytes?: number;
  readonly garbage?: GarbageReport;
}

/** What idle connections take. */
export interface IdleRound {
  readonly kind: "idle";
  readonly bytesPerConnection: number;
  /** With all of them. */
  readonly rssBytes: number;
}

/** How long a server takes to be there. */
export interface StartUpRound {
  readonly kind: "start-up";
  readonly listeningMs: number;
  readonly firstEchoMs: number;
  /** Once it has echoed a message. */
  readonly rssBytes: number;
}

export type Round = LoadRound | IdleRound | StartUpRound;

/** Everything that tables show, by name. Times are in the unit of the name, shares are of one core. */
export type FigureName =
  | "messagesPerSecond"
  | "cpuUs"
  | "userUs"
  | "systemUs"
  | "testedShare"
  | "otherShare"
  | "p50Us"
  | "p99Us"
  | "p999Us"
  | "rssBytes"
  | "garbageUs"
  | "allocatedBytes"
  | "bytesPerConnection"
  | "listeningMs"
  | "firstEchoMs";

type Figures = Partial<Record<FigureName, number>>;

/** The figures of a round; those per message are named for their unit. */
function figuresOf(round: Round): Figures {
  switch (round.kind) {
    case "load":
      return loadFigures(round);
    case "idle":
      return { bytesPerConnection: round.bytesPerConnection, rssBytes: round.rssBytes };
    case "start-up":
      return { listeningMs: round.listeningMs, firstEchoMs: round.firstEchoMs, rssBytes: round.rssBytes };
  }
}

const total = (cpu: CpuTime): number => cpu.user + cpu.system;

function loadFigures(round: LoadRound): Figures {
  const { messages, elapsedMs, testedCpu, otherCpu, latency, rssBytes, garbage } = round;
  return {
    messagesPerSecond: (messages / elapsedMs) * 1000,
    cpuUs: total(testedCpu) / messages,
    userUs: testedCpu.user / messages,
    systemUs: testedCpu.system / messages,
    testedShare: total(testedCpu) / (elapsedMs * 1000),
    otherShare: total(otherCpu) / (elapsedMs * 1000),
    p50Us: latency.p50Us,
    p99Us: latency.p99Us,
    p999Us: latency.p999Us,
    ...(rssBytes !== undefined && { rssBytes }),
    ...(garbage !== undefined && {
      garbageUs: (garbage.pauseMs * 1000) / messages,
      allocatedBytes: garbage.allocatedBytes / messages,
    }),
  };
}

/** The rounds of one peer reduced to medians. */
export type PeerSummary = Partial<Record<FigureName, Summary>>;

/** Reduces the rounds of a peer, figure by figure. */
export function summarisePeer(rounds: readonly Round[]): PeerSummary {
  return summariseFigures(rounds.map(figuresOf));
}

/**
 * Compares each round with another peer's round of the same number: both were taken next to each other, so slow drift of the
 * machine cancels out. Throws a RangeError when there are not as many of them.
 */
export function summariseRatios(rounds: readonly Round[], baseline: readonly Round[]): PeerSummary {
  if (rounds.length !== baseline.length) {
    throw new RangeError(`cannot pair ${rounds.length} rounds with ${baseline.length}`);
  }
  return summariseFigures(
    rounds.map((round, index) => {
      const against = baseline[index];
      return against === undefined ? {} : ratios(figuresOf(round), figuresOf(against));
    }),
  );
}

function ratios(figures: Figures, baseline: Figures): Figures {
  const names = Object.keys(figures) as FigureName[];
  return Object.fromEntries(
    names.flatMap((name) => {
      const [value, other] = [figures[name], baseline[name]];
      return value === undefined || other === undefined || other === 0 ? [] : [[name, value / other]];
    }),
  );
}

function summariseFigures(rounds: readonly Figures[]): PeerSummary {
  const names = Object.keys(rounds[0] ?? {}) as FigureName[];
  return Object.fromEntries(
    names.flatMap((name) => {
      const values = rounds.map((figures) => figures[name]).filter((value) => value !== undefined);
      return values.length === 0 ? [] : [[name, summarise(values)]];
    }),
  );
}

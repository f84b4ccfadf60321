import { pairedRatios, summarise, type Summary } from "./statistics.js";

/** CPU time of a process, all its threads, as `process.cpuUsage` gives it: microseconds. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/** What one round of one peer measured. */
export interface Round {
  /** Replies received and checked. Everything sent was answered when the clocks were read. */
  readonly messages: number;
  /** Replies whose every byte was compared. */
  readonly comparedMessages: number;
  /** From the first write to the last reply, on the generator's clock. */
  readonly elapsedMs: number;
  readonly serverCpu: CpuTime;
  readonly generatorCpu: CpuTime;
  /** Resident memory of the server, right after the load. */
  readonly serverRssBytes: number;
}

/** The rounds of one peer reduced to medians. Times are microseconds, shares are of one core. */
export interface PeerSummary {
  readonly messagesPerSecond: Summary;
  readonly userUsPerMessage: Summary;
  readonly systemUsPerMessage: Summary;
  readonly totalUsPerMessage: Summary;
  readonly serverCpuShare: Summary;
  readonly generatorCpuShare: Summary;
  readonly serverRssBytes: Summary;
  /** Against the baseline's round next to it. */
  readonly rateRatio: Summary;
  readonly cpuRatio: Summary;
}

const rate = (round: Round): number => (round.messages / round.elapsedMs) * 1000;
const total = (cpu: CpuTime): number => cpu.user + cpu.system;
const cpuPerMessage = (round: Round): number => total(round.serverCpu) / round.messages;
const share = (cpu: CpuTime, round: Round): number => total(cpu) / (round.elapsedMs * 1000);

/** Reduces the rounds of a peer, and compares each with the baseline's round of the same number. */
export function summarisePeer(rounds: readonly Round[], baseline: readonly Round[]): PeerSummary {
  const over = (figure: (round: Round) => number): Summary => summarise(rounds.map(figure));
  const against = (figure: (round: Round) => number): Summary =>
    summarise(pairedRatios(rounds.map(figure), baseline.map(figure)));
  return {
    messagesPerSecond: over(rate),
    userUsPerMessage: over((round) => round.serverCpu.user / round.messages),
    systemUsPerMessage: over((round) => round.serverCpu.system / round.messages),
    totalUsPerMessage: over(cpuPerMessage),
    serverCpuShare: over((round) => share(round.serverCpu, round)),
    generatorCpuShare: over((round) => share(round.generatorCpu, round)),
    serverRssBytes: over((round) => round.serverRssBytes),
    rateRatio: against(rate),
    cpuRatio: against(cpuPerMessage),
  };
}

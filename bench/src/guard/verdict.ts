/** CPU per message of Halyard over that of ws, by workload. */
export type GuardRatios = Readonly<Record<string, number>>;

/** The content of bench/guard.json: by the major version of Node, as versions differ. */
export type GuardRecord = Readonly<Record<string, GuardRatios>>;

/** A ratio may be worse than the recorded one by so much. */
export const tolerance = 0.15;

/** A ratio that is too far from the recorded one. */
export interface Regression {
  readonly workload: string;
  readonly recorded: number;
  readonly measured: number;
}

/** What got worse by more than the tolerance. A workload without a record is none. */
export function regressions(recorded: GuardRatios, measured: GuardRatios): readonly Regression[] {
  return Object.entries(measured).flatMap(([workload, ratio]) => {
    const before = recorded[workload];
    return before !== undefined && ratio > before * (1 + tolerance)
      ? [{ workload, recorded: before, measured: ratio }]
      : [];
  });
}

/** The better of two measurements, workload by workload: a busy machine only ever makes one worse. */
export function best(first: GuardRatios, second: GuardRatios): GuardRatios {
  return Object.fromEntries(
    Object.entries(first).map(([workload, ratio]) => [workload, Math.min(ratio, second[workload] ?? ratio)]),
  );
}

/** `echo-64B-1: 0.652, recorded 0.640 (+2 %)` */
export function describeRatio(workload: string, measured: number, recorded: number | undefined): string {
  const ratio = `${workload}: ${measured.toFixed(3)}`;
  if (recorded === undefined) return `${ratio}, nothing recorded`;
  const change = Math.round((measured / recorded - 1) * 100);
  return `${ratio}, recorded ${recorded.toFixed(3)} (${change < 0 ? "" : "+"}${change} %)`;
}

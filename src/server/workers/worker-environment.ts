/** What a worker finds in its environment: who it is, as the primary said when it forked it. */
export interface WorkerPlace {
  readonly workerId: number;
  /** How many workers there are. */
  readonly count: number;
  /** Where to listen if the option `port` is 0: the port that the kernel had chosen for the workers before. */
  readonly port: number | undefined;
}

const names = { workerId: "HALYARD_WORKER", count: "HALYARD_WORKERS", port: "HALYARD_WORKER_PORT" } as const;

/** The environment variables that say so. */
export function environmentOf({ workerId, count, port }: WorkerPlace): Record<string, string> {
  return {
    [names.workerId]: String(workerId),
    [names.count]: String(count),
    [names.port]: port === undefined ? "" : String(port),
  };
}

/** What they say; `undefined` in a process that is no worker of ours. */
export function placeIn(environment: NodeJS.ProcessEnv): WorkerPlace | undefined {
  const workerId = numberIn(environment[names.workerId]);
  const count = numberIn(environment[names.count]);
  if (workerId === undefined || count === undefined) return undefined;
  return { workerId, count, port: numberIn(environment[names.port]) };
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}

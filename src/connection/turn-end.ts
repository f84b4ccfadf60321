/** Something that has gathered output during this turn of the event loop. */
export interface Flushable {
  flush(): void;
}

let waiting: Flushable[] = [];

/** Has `flushable.flush()` called once this turn's callbacks and promise reactions have run. */
export function flushAtTurnEnd(flushable: Flushable): void {
  if (waiting.length === 0) process.nextTick(flushAll);
  waiting.push(flushable);
}

function flushAll(): void {
  const due = waiting;
  waiting = [];
  for (const flushable of due) flushable.flush();
}

import { liveBytes, usedBytes } from "./live-bytes.js";

/**
 * Runs `attack` and looks at the memory of this process in every turn: rejects as soon as more than `ceiling` bytes are in use beyond
 * those at the beginning, garbage not counted.
 */
export async function under<T>(ceiling: number, attack: () => Promise<T>): Promise<T> {
  const before = liveBytes();
  const check = (): void => {
    const bytes = liveBytes() - before;
    if (bytes > ceiling) throw new Error(`the attack has taken ${bytes} bytes of memory, of ${ceiling} that it may`);
  };
  let isOver = false;
  const breach = new Promise<never>((_, reject) => {
    const look = (): void => {
      try {
        // To collect the garbage takes its time: only where there might be too much without it.
        if (usedBytes() - before > ceiling) check();
      } catch (error) {
        reject(error);
        return;
      }
      if (!isOver) setImmediate(look);
    };
    look();
  });
  try {
    const result = await Promise.race([attack(), breach]);
    check();
    return result;
  } finally {
    isOver = true;
  }
}

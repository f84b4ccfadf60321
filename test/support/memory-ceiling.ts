import { liveBytes, usedBytes } from "./live-bytes.js";

/**
 * Runs `attack` and looks at the memory of this process in every turn: rejects as soon as more than `ceiling` bytes are in use beyond
 * those at the beginning, garbage not counted.
 */
export async function under<T>(ceiling: number, attack: () => Promise<T>): Promise<T> {
  const before = liveBytes();
  const excess = (): Error | undefined => {
    const bytes = liveBytes() - before;
    if (bytes <= ceiling) return undefined;
    return new Error(`the attack has taken ${bytes} bytes of memory, of ${ceiling} that it may`);
  };
  let isOver = false;
  const breach = new Promise<never>((_, reject) => {
    const look = (): void => {
      // To collect the garbage takes its time: only where there might be too much without it.
      const error = usedBytes() - before > ceiling ? excess() : undefined;
      if (error !== undefined) reject(error);
      else if (!isOver) setImmediate(look);
    };
    look();
  });
  try {
    const result = await Promise.race([attack(), breach]);
    const error = excess();
    if (error !== undefined) throw error;
    return result;
  } finally {
    isOver = true;
  }
}

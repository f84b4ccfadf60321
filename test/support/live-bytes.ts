import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that this process uses, garbage included: the heap, the buffers beside it, and what zlib has. */
export function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Bytes that this process still uses once all garbage is gone. */
export function liveBytes(): number {
  collectGarbage();
  collectGarbage();
  return usedBytes();
}

import { deflateBytes, inflateBytes } from "./compression-memory.js";
import { ContextPool } from "./context-pool.js";
import { DeflateContext, type DeflateSettings } from "./deflate-context.js";
import { InflateContext } from "./inflate-context.js";

/** The widest window: a shared inflater serves peers with any. */
const MAX_WINDOW_BITS = 15;
/** Messages that shared compressors work on at a time on zlib's threads, of which Node has four unless told otherwise. */
const MAX_ASIDE = 4;

/** The compressors of one setting that connections without context takeover share. */
export class SharedDeflate {
  readonly #pool: ContextPool<DeflateContext>;
  #aside = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(settings: DeflateSettings, create = (): DeflateContext => new DeflateContext(settings)) {
    this.#pool = new ContextPool(create, deflateBytes(settings));
  }

  /** As `DeflateContext.runNow`, without regard to what was compressed before. */
  runNow(bytes: Uint8Array): Uint8Array | undefined {
    const context = this.#pool.take();
    const flushed = context.runNow(bytes);
    this.#pool.giveBack(context);
    return flushed;
  }

  /**
   * As `DeflateContext.runAside`, the same. Whoever comes when all are at work waits; a connection has one message here at a
   * time, so one that sends much delays the others by one message.
   */
  async runAside(bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#aside === MAX_ASIDE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#aside++;
    const context = this.#pool.take();
    try {
      return await context.runAside(bytes);
    } finally {
      this.#pool.giveBack(context);
      const next = this.#waiting.shift();
      if (next === undefined) this.#aside--;
      else next();
    }
  }

  /** A compressor for one message that is compressed in pieces, to be given back after it. */
  take(): DeflateContext {
    return this.#pool.take();
  }

  giveBack(context: DeflateContext): void {
    this.#pool.giveBack(context);
  }
}

const sharedDeflates = new Map<string, SharedDeflate>();

/** The compressors for `settings`, shared by the whole process. */
export function sharedDeflate(settings: DeflateSettings): SharedDeflate {
  const key = `${settings.level}/${settings.memLevel}/${settings.windowBits}`;
  let shared = sharedDeflates.get(key);
  if (shared === undefined) {
    shared = new SharedDeflate(settings);
    sharedDeflates.set(key, shared);
  }
  return shared;
}

/** The inflaters that connections share whose peers keep no context. */
export const sharedInflate: ContextPool<InflateContext> = new ContextPool(
  () => new InflateContext(MAX_WINDOW_BITS),
  inflateBytes(MAX_WINDOW_BITS),
);

declare const Bun: { gc(force: boolean): void } | undefined;

/** Now, where the runtime can be asked to: Node with --expose-gc, Bun, Deno with that flag of V8's. */
export function collectGarbage(): void {
  if (typeof Bun === "undefined") globalThis.gc?.();
  else Bun.gc(true);
}

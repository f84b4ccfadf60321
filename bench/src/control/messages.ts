import type { Target } from "../generator/echo-connection.js";
import type { LoadReport } from "../generator/echo-load.js";
import type { CpuTime } from "../measurement.js";
import type { EchoWorkload } from "../workloads.js";

/** What a server program is asked, over IPC. It first reports `listening` by itself. */
export interface ServerRequest {
  readonly kind: "usage";
}

/** What a server program reports. `cpu` is counted from the start of the process. */
export type ServerReport =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "usage"; readonly cpu: CpuTime; readonly rssBytes: number };

/** What the generator is asked, over IPC. It first reports `ready` by itself. */
export type GeneratorRequest =
  | { readonly kind: "connect"; readonly workload: EchoWorkload; readonly target: Target }
  | { readonly kind: "load"; readonly durationMs: number }
  | { readonly kind: "disconnect" };

/** What the generator reports; `failed` may answer any request. */
export type GeneratorReport =
  | { readonly kind: "ready" | "connected" | "disconnected" }
  | ({ readonly kind: "loaded" } & LoadReport)
  | { readonly kind: "failed"; readonly reason: string };

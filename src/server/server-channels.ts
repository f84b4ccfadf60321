import { channel } from "node:diagnostics_channel";

import type { Refusal } from "./refusal.js";
import type { NodeRequest } from "./opening.js";

/** What is published on `halyard:upgrade:refuse`: an upgrade was refused. */
export interface UpgradeRefuseEvent {
  /** What the client is answered, and why. */
  readonly refusal: Refusal;
  /** Node's own: over HTTP/2 an `Http2ServerRequest`. */
  readonly request: NodeRequest;
}

/** What is published on `halyard:server:drain`: an upgrader begins to close its connections. */
export interface ServerDrainEvent {
  /** How many connections are being closed. */
  readonly connections: number;
}

const refusals = channel("halyard:upgrade:refuse");
const drains = channel("halyard:server:drain");

export function publishRefusal(refusal: Refusal, opening: { readonly incoming: NodeRequest }): void {
  if (!refusals.hasSubscribers) return;
  refusals.publish({ refusal, request: opening.incoming } satisfies UpgradeRefuseEvent);
}

export function publishDrain(connections: number): void {
  if (drains.hasSubscribers) drains.publish({ connections } satisfies ServerDrainEvent);
}

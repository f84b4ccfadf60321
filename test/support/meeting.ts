import type { Connection } from "../../src/connection/index.js";
import type { UpgraderOptions } from "../../src/server/index.js";
import { type PeerOptions, RawPeer } from "./raw-peer.js";
import { startUpgrader, type UpgradeServer, type UpgradeServerSetup } from "./upgrade-server.js";

/** Both ends of one connection. */
export interface Meeting<Data = undefined> {
  readonly server: UpgradeServer<Data>;
  readonly peer: RawPeer;
  readonly connection: Connection<Data>;
}

/** Starts an upgrader and has one peer join it. */
export async function meet<Data = undefined>(
  options: UpgraderOptions<Data> = {},
  join: PeerOptions = {},
  setup: UpgradeServerSetup = {},
): Promise<Meeting<Data>> {
  const server = await startUpgrader<Data>(options, setup);
  const peer = await RawPeer.join(server.port, join);
  return { server, peer, connection: await server.accepted() };
}

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ConnectionCloseEvent } from "halyard/observers";

/** Prints how every connection of the process ends, whoever opened it; returns what stops that. */
export function printEnds(): () => void {
  const print = (event: unknown): void => {
    const { connection, info } = event as ConnectionCloseEvent;
    console.log(`${connection.remote} ended with ${info.code}`);
  };
  subscribe("halyard:connection:close", print);
  return () => {
    unsubscribe("halyard:connection:close", print);
  };
}

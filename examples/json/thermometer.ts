import { type } from "arktype";
import { jsonChannel, type JsonMessageError } from "halyard/json";
import { serve, type Server } from "halyard/server";

const Reading = type({ sensor: "string", celsius: "-90 <= number <= 60" });

/** Takes readings and drops wrong ones, with a line for each in the log; hangs up on what is no JSON at all. */
export function start(port: number, log: (line: string) => void = console.log): Promise<Server> {
  return serve({
    port,
    routes: {
      "/readings": async (connection) => {
        const readings = jsonChannel(connection, {
          receive: Reading,
          onInvalid: (error: JsonMessageError) => {
            log(`${connection.remote}: ${error.message}`);
            return error.code === "invalid" ? "skip" : "close";
          },
        });
        for await (const { sensor, celsius } of readings) log(`${sensor}: ${celsius} °C`);
      },
    },
  });
}

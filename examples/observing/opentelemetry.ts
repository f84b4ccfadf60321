import type { Meter } from "@opentelemetry/api";
import { connect } from "halyard/client";
import { openTelemetryObserver } from "halyard/observers/opentelemetry";

/** Asks once. `meter` is `metrics.getMeter("my-program")`; make the observer once, and give it to every connection. */
export async function askOnce(url: string, question: string, meter: Meter): Promise<unknown> {
  const connection = await connect(url, { observer: openTelemetryObserver(meter) });
  await connection.send(question);
  const answer = await connection.receive();
  await connection.close();
  return answer;
}

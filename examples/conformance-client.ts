/**
 * Plays the client against a fuzzing server in the manner of the Autobahn test suite: asks how many cases there are, lets the
 * server run each of them while it echoes what comes, and has it write its reports.
 *
 * Node 22.18 or newer runs it as it is: `npm run build && node examples/conformance-client.ts ws://127.0.0.1:9001`
 */
import { connect, type ConnectOptions } from "halyard/client";

const [base = "ws://127.0.0.1:9001", agent = "halyard"] = process.argv.slice(2);

/** The cases try long messages, and messages in very many fragments, of which they want all back. */
const options: ConnectOptions = {
  maxMessageBytes: 64 * 1024 * 1024,
  maxFragments: Infinity,
  maxBufferedBytes: Infinity,
};

async function countCases(): Promise<number> {
  const connection = await connect(`${base}/getCaseCount`, options);
  const count = Number(await connection.receive());
  await connection.closed;
  return count;
}

/** Echoes until the case is over. Many end with a fault of the server's, which is the point of them. */
async function runCase(number: number): Promise<void> {
  const connection = await connect(`${base}/runCase?case=${number}&agent=${agent}`, options);
  connection.handle({ message: (server, message) => server.send(message), error: () => {} });
  const { code, error } = await connection.closed;
  console.log(`case ${number}: closed with ${code}${error === undefined ? "" : `, ${error.message}`}`);
}

const count = await countCases();
for (let number = 1; number <= count; number++) await runCase(number);
const reports = await connect(`${base}/updateReports?agent=${agent}`, options);
await reports.closed;
console.log(`${count} cases; the server has written its reports`);

import { connect } from "halyard/client";

/** Says one thing, and prints what is said until somebody says "bye". */
export async function chat(url: string): Promise<void> {
  await using connection = await connect(url, { subprotocols: ["chat.v2"], headers: { "X-Room": "harbour" } });
  await connection.send("hello");
  for await (const message of connection) {
    console.log(`${connection.remote} says:`, message);
    if (message === "bye") break;
  } // leaving the block closes the connection, and waits until it is closed
}

import { connect } from "halyard/client";
import { CookieJar } from "tough-cookie";

/** One jar for all connections: what a server sets at the first is shown at the next. */
export async function connectTwice(url: string): Promise<void> {
  const cookies = new CookieJar();
  for (const visit of [1, 2]) {
    const connection = await connect(url, { cookies, followRedirects: 3 });
    await connection.send(`visit ${visit}`);
    await connection.close();
  }
}

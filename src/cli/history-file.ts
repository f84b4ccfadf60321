import { constants, type FileHandle, open, readFile } from "node:fs/promises";
import { CliError, messageOf } from "./cli-error.js";

/** For its owner's eyes: what is typed may be secret. */
const OWNER_ONLY = 0o600;

/**
 * The lines of former times, the latest first; none where there is no file yet.
 *
 * @throws CliError for a file that cannot be read.
 */
export async function readHistory(file: string): Promise<string[]> {
  try {
    const text = await readFile(file, "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .toReversed();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new CliError(`cannot read the file of --history: ${messageOf(error)}`, undefined, { cause: error });
  }
}

/** @throws CliError for a file that cannot be written. */
export async function writeHistory(file: string, lines: readonly string[]): Promise<void> {
  try {
    const text = lines
      .toReversed()
      .map((line) => `${line}\n`)
      .join("");
    const handle = await open(file, constants.O_WRONLY | constants.O_CREAT, OWNER_ONLY);
    try {
      if ((await handle.stat()).isFile()) await makeOwn(handle);
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new CliError(`cannot write the file of --history: ${messageOf(error)}`, undefined, { cause: error });
  }
}

/** Has the owner alone read a file that may have been there, and empties it; in this order, so that nothing is lost where that is refused. */
async function makeOwn(handle: FileHandle): Promise<void> {
  await handle.chmod(OWNER_ONLY);
  await handle.truncate();
}

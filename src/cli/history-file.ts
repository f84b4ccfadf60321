import { readFile, writeFile } from "node:fs/promises";
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
    await writeFile(
      file,
      lines
        .toReversed()
        .map((line) => `${line}\n`)
        .join(""),
      { mode: OWNER_ONLY },
    );
  } catch (error) {
    throw new CliError(`cannot write the file of --history: ${messageOf(error)}`, undefined, { cause: error });
  }
}

/** How the process ends, as shells and scripts read it. */
export const ExitCode = { success: 0, failure: 1, usage: 2, ended: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** A failure that the user can do something about: its message is one line that says what, and it is all they see. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = ExitCode.failure, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }

  /** The error of a command line that cannot be understood. */
  static ofUsage(message: string): CliError {
    return new CliError(message, ExitCode.usage);
  }
}

/** The first line of what was thrown, whatever it was. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split("\n", 1)[0] ?? "";
}

/** The `code` of a system error (`EADDRINUSE`), also where another error wraps it. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code)) return error.code;
  return systemCodeOf(error.cause);
}

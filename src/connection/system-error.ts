import { getSystemErrorName } from "node:util";

/** The error that Node makes of `status`, the number of an error, for the system call `syscall`: `"write EPIPE"`. */
export function systemError(status: number, syscall: string): Error {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: status, syscall });
}

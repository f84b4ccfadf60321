import { execFileSync } from "node:child_process";

/** Debian's Python: a python3 that comes first in PATH may be another one, which does not see Debian's packages. */
export const PYTHON = "/usr/bin/python3";

export const HOW_TO_INSTALL_PYTHON_WEBSOCKETS = "apt-get install python3-websockets";

export function hasPythonWebsockets(): boolean {
  try {
    execFileSync(PYTHON, ["-c", "import websockets"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

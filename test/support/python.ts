import { execFileSync } from "node:child_process";

/** Whether Debian's Python has the websockets package. */
export function hasPythonWebsockets(): boolean {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import websockets"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

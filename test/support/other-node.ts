import { execFileSync } from "node:child_process";

/** The path of Node of a major version in npm's cache; nothing is downloaded. `npx -y -p node@VERSION node -v` puts it there. */
export function cachedNode(major: number): string | undefined {
  try {
    const args = ["-y", "--offline", "-p", `node@${major}`, "node", "-p", "process.execPath"];
    return execFileSync("npx", args, { encoding: "utf8", timeout: 30_000, stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/** The path of a Node that has WebSocket built in: this one, or 22 in npm's cache. */
export function findModernNode(): string | undefined {
  return Number.parseInt(process.versions.node, 10) >= 22 ? process.execPath : cachedNode(22);
}

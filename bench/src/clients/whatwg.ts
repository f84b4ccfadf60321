/** The WebSocket that a runtime has: undici's on Node, Bun's, Deno's. */
import { driveClient } from "./client-control.js";
import { dialWith } from "./whatwg-dial.js";

const { WebSocket } = globalThis as unknown as { readonly WebSocket: Parameters<typeof dialWith>[0] };

await driveClient(dialWith(WebSocket));

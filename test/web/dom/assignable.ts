import { type CloseEvent as OurCloseEvent, WebSocket as OurWebSocket } from "halyard/web";

/**
 * Compiled and never run: our `WebSocket` is one of lib.dom's and the other way round, instances and classes, so that what is written for
 * the one takes the other.
 */
export function check(ours: OurWebSocket, theirs: WebSocket, ourEvent: OurCloseEvent, theirEvent: CloseEvent): unknown {
  const asTheirs: WebSocket = ours;
  const asOurs: OurWebSocket = theirs;
  const theirClass: typeof WebSocket = OurWebSocket;
  const event: CloseEvent = ourEvent;
  const back: OurCloseEvent = theirEvent;
  const listen = (socket: WebSocket): void => {
    socket.onmessage = ({ data }: MessageEvent<string>) => void data.length;
    socket.addEventListener("close", ({ code, reason, wasClean }) => [code, reason, wasClean]);
  };
  listen(ours);
  return [asTheirs, asOurs, theirClass, event, back, new OurWebSocket("ws://localhost", ["a"]).readyState];
}

import { connect, type Connection } from "halyard/client";

/** Opens a socket for each room: streams of one session where the server speaks HTTP/2, sockets of their own otherwise. */
export function openRooms(url: string, ca: string, rooms: readonly string[]): Promise<Connection[]> {
  return Promise.all(rooms.map((room) => connect(`${url}?room=${room}`, { http2: true, tls: { ca } })));
}

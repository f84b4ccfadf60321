import type { Duplex } from "node:stream";

import type { BareSocket } from "./bare-socket.js";

/** What a connection runs over: a duplex of Node's, or a TCP connection that no `net.Socket` was made of. */
export type Transport = Duplex | BareSocket;

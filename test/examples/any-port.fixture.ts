/** Preloaded into a program that listens on a fixed port: it gets a free one, and tells its parent which. */
import { type AddressInfo, Server } from "node:net";

type Listen = (this: Server, ...args: unknown[]) => Server;

const prototype = Server.prototype as { listen: Listen };
const { listen } = prototype;

prototype.listen = function listenAnywhere(this: Server, first: unknown, ...rest: unknown[]): Server {
  this.once("listening", () => process.send?.((this.address() as AddressInfo).port));
  return listen.call(this, typeof first === "object" ? { ...first, port: 0 } : 0, ...rest);
};

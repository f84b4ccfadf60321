import type { IncomingHttpHeaders } from "node:http";

/** Headers that are made when they are asked for, which few are: until then they take a third of the memory. */
export abstract class LaterHeaders {
  /** Called once, when somebody asks for them. */
  abstract make(): IncomingHttpHeaders;
}

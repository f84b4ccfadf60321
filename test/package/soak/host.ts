/** A server to be visited. */
export interface Host {
  readonly port: number;
  /** The same with all that watches over a connection: rates, pings, idle time and observers. */
  readonly strictPort: number;
  /** And over TLS, with HTTP/2. */
  readonly securePort: number;
  /** Whom its certificate is from. */
  readonly ca: string;
}

/** One visit. Rejects where the server did not do as it should. */
export type Visit = (host: Host) => Promise<void>;

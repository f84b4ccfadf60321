/** One row of the tables: a server program and the arguments that choose its style. */
export interface Peer {
  /** Short, stable name: the key in the JSON results. */
  readonly id: string;
  /** How the tables call it. */
  readonly title: string;
  /** File name, without extension, in the `servers` folder. */
  readonly program: string;
  readonly programArguments: readonly string[];
}

/** The peer that the ratios are taken against. */
export const baselineId = "ws";

/** The peers, in the order in which each round visits them. */
export const peers: readonly Peer[] = [
  { id: baselineId, title: "ws", program: "ws", programArguments: [] },
  {
    id: "halyard-handler",
    title: "Halyard, handler object",
    program: "halyard",
    programArguments: ["handler"],
  },
  {
    id: "halyard-iterator",
    title: "Halyard, `for await`",
    program: "halyard",
    programArguments: ["iterator"],
  },
];

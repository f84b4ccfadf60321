import type { ServerProcessOptions } from "../control/server-process.js";
import type { TlsFiles } from "../control/messages.js";
import type { Round } from "../measurement.js";
import type { Peer, Program } from "../peers/peer.js";

/** A peer whose program is there. */
export interface Contestant {
  readonly peer: Pick<Peer, "id" | "title" | "features">;
  readonly program: Program;
}

/** The programs that load the servers. */
interface Generators {
  /** Compiled; `undefined` where there is no compiler. */
  readonly native: Program | undefined;
  readonly typescript: Program;
}

/** What all workloads of a run share. */
export interface Contest {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly roundMs: number;
  readonly server: ServerProcessOptions;
  readonly generators: Generators;
  /** `undefined` where no certificate could be made. */
  readonly tls: TlsFiles | undefined;
  /** File of compressed payloads, see bench/generator/main.c. */
  readonly framesFile: string;
  /** One line for whoever watches. */
  readonly say: (line: string) => void;
}

/** The counted rounds of each peer, by its id, and who fell out. */
export interface ContestResult {
  readonly rounds: ReadonlyMap<string, readonly Round[]>;
  readonly failures: readonly Failure[];
}

/** A peer that did not finish a workload. */
export interface Failure {
  readonly peer: string;
  readonly title: string;
  readonly reason: string;
}

/**
 * Takes turns (A B C A B C ...), so that what the machine does meanwhile hits all alike. Who fails is out, with its rounds; the others
 * go on.
 */
export class Turns {
  readonly #rounds: Map<string, Round[]>;
  readonly #failures: Failure[] = [];
  #left: readonly Contestant[];

  constructor(contestants: readonly Contestant[]) {
    this.#left = contestants;
    this.#rounds = new Map(contestants.map(({ peer }) => [peer.id, []]));
  }

  /** Those that have not failed. */
  get left(): readonly Contestant[] {
    return this.#left;
  }

  /** One turn of everybody who is left; what `play` gives is counted. */
  async all(play: (contestant: Contestant) => Promise<Round | undefined>): Promise<void> {
    for (const contestant of this.#left) {
      try {
        const round = await play(contestant);
        if (round !== undefined) this.#rounds.get(contestant.peer.id)?.push(round);
      } catch (error) {
        this.#drop(contestant, error instanceof Error ? error.message : String(error));
      }
    }
  }

  result(): ContestResult {
    return { rounds: this.#rounds, failures: this.#failures };
  }

  #drop({ peer: { id, title } }: Contestant, reason: string): void {
    this.#left = this.#left.filter(({ peer }) => peer.id !== id);
    this.#rounds.delete(id);
    this.#failures.push({ peer: id, title, reason });
  }
}

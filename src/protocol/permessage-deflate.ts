import type { ExtensionOffer, ExtensionParameter } from "./extension-offer.js";
import type { ResponseFaultCode } from "./response-fault.js";

/** The name of the extension, as it is registered. RFC 7692 §7. */
export const DEFLATE_EXTENSION = "permessage-deflate";

/** How one end compresses what it sends. */
export interface DeflateDirection {
  /** Whether a message may refer back to those before it. */
  readonly contextTakeover: boolean;
  /** The base-2 logarithm of the LZ77 window: the most that the compressor looks back. 8 to 15. */
  readonly windowBits: number;
}

/** How both ends compress: what a handshake has settled, or the most that one end is ready for. */
export interface DeflateAgreement {
  /** What we send. */
  readonly ours: DeflateDirection;
  /** What the peer sends, and we inflate. */
  readonly peers: DeflateDirection;
}

/** An offer that a server accepts. */
export interface DeflateAcceptance {
  /** What holds for the connection from now on. */
  readonly agreement: DeflateAgreement;
  /** The element of Sec-WebSocket-Extensions that tells the client so. */
  readonly response: string;
}

/** What the parameters of one offer or response say. */
interface DeflateParameters {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
  serverMaxWindowBits: number | undefined;
  /** `true` stands in an offer without a value. */
  clientMaxWindowBits: number | true | undefined;
}

type ParameterFault = "deflate-parameter-unknown" | "deflate-parameter-repeated" | "deflate-parameter-invalid";

/** The widest window, which is meant where nothing is said. */
const MAX_WINDOW_BITS = 15;
/** zlib cannot keep to a window of 256 bytes, RFC 7692's smallest: it takes one of 512 instead. */
const MIN_COMPRESSOR_WINDOW_BITS = 9;

/**
 * Chooses among a client's `offers` the first that we can accept, as a server, and answers it.
 *
 * @param most what we are ready for: a window is never wider and a context never kept where this says no. `ours.windowBits`
 * is 9 to 15.
 * @returns `undefined` when there is none: the connection then runs without compression.
 */
export function acceptDeflate(
  offers: readonly ExtensionOffer[],
  most: DeflateAgreement,
): DeflateAcceptance | undefined {
  // RFC 7692 §5: the client lists its offers by preference, and a server accepts at most one of an extension.
  for (const offer of offers) {
    if (offer.name !== DEFLATE_EXTENSION) continue;
    const parameters = readParameters(offer.parameters, false);
    // RFC 7692 §7.1: a server MUST decline an offer with an unknown, repeated or invalid parameter.
    const acceptance = typeof parameters === "string" ? undefined : acceptOffer(parameters, most);
    if (acceptance !== undefined) return acceptance;
  }
  return undefined;
}

function acceptOffer(offered: DeflateParameters, most: DeflateAgreement): DeflateAcceptance | undefined {
  const agreement: DeflateAgreement = {
    ours: {
      contextTakeover: most.ours.contextTakeover && !offered.serverNoContextTakeover,
      windowBits: Math.min(most.ours.windowBits, offered.serverMaxWindowBits ?? MAX_WINDOW_BITS),
    },
    peers: {
      // RFC 7692 §7.1.1.2: the client's hint that it keeps no context; said in the answer it is a promise.
      contextTakeover: most.peers.contextTakeover && !offered.clientNoContextTakeover,
      // RFC 7692 §7.1.2.2: the client's window MUST NOT be limited where it did not say that it can be.
      windowBits:
        offered.clientMaxWindowBits === undefined
          ? MAX_WINDOW_BITS
          : Math.min(most.peers.windowBits, offeredBits(offered.clientMaxWindowBits)),
    },
  };
  // RFC 7692 §7.1: a server MUST decline an offer of a configuration that it does not support.
  if (agreement.ours.windowBits < MIN_COMPRESSOR_WINDOW_BITS) return undefined;
  return { agreement, response: formatResponse(agreement, offered) };
}

function formatResponse({ ours, peers }: DeflateAgreement, offered: DeflateParameters): string {
  let response = DEFLATE_EXTENSION;
  // RFC 7692 §7.1.1.1: an offer that asks for it is accepted by naming it; we may name it unasked, too.
  if (!ours.contextTakeover) response += "; server_no_context_takeover";
  if (!peers.contextTakeover) response += "; client_no_context_takeover";
  // RFC 7692 §7.1.2.1: an offer that limits our window is accepted by naming one that is no wider.
  if (offered.serverMaxWindowBits !== undefined || ours.windowBits < MAX_WINDOW_BITS) {
    response += `; server_max_window_bits=${ours.windowBits}`;
  }
  if (peers.windowBits < MAX_WINDOW_BITS) response += `; client_max_window_bits=${peers.windowBits}`;
  return response;
}

function offeredBits(clientMaxWindowBits: number | true): number {
  return clientMaxWindowBits === true ? MAX_WINDOW_BITS : clientMaxWindowBits;
}

/**
 * The Sec-WebSocket-Extensions by which a client offers compression, and asks for `most` at the most. Windows are a wish: behind
 * an offer that limits them stands one that does not, for servers that would sooner refuse the client than limit themselves.
 */
export function formatDeflateOffer({ ours, peers }: DeflateAgreement): string {
  let plain = DEFLATE_EXTENSION;
  if (!peers.contextTakeover) plain += "; server_no_context_takeover";
  if (!ours.contextTakeover) plain += "; client_no_context_takeover";
  let limited = plain;
  if (peers.windowBits < MAX_WINDOW_BITS) limited += `; server_max_window_bits=${peers.windowBits}`;
  // RFC 7692 §7.1.2.2: without it the server could not limit our window.
  plain += "; client_max_window_bits";
  limited += "; client_max_window_bits";
  if (ours.windowBits < MAX_WINDOW_BITS) limited += `=${ours.windowBits}`;
  // RFC 7692 §5: the client lists its offers by preference.
  return limited === plain ? plain : `${limited}, ${plain}`;
}

/**
 * Reads, as a client, the server's answer to our offer.
 *
 * @param answer the element of its Sec-WebSocket-Extensions; `undefined` when the server declined.
 * @param most what `formatDeflateOffer` offered.
 * @returns the agreement, `undefined` for none, or the fault for which a client must fail the connection. `ours.windowBits`
 * may be 8: zlib has no such window, so what we send then goes uncompressed, as any message may.
 */
export function readDeflateAnswer(
  answer: ExtensionOffer | undefined,
  most: DeflateAgreement,
): DeflateAgreement | ResponseFaultCode | undefined {
  if (answer === undefined) return undefined;
  const answered = readParameters(answer.parameters, true);
  return typeof answered === "string" ? answered : agreeTo(answered, most);
}

function agreeTo(answered: DeflateParameters, most: DeflateAgreement): DeflateAgreement | ResponseFaultCode {
  // RFC 7692 §7.1.1.1: who accepts an offer with server_no_context_takeover includes it in the response.
  if (!most.peers.contextTakeover && !answered.serverNoContextTakeover) return "deflate-takeover-kept";
  return {
    ours: {
      // RFC 7692 §7.1.1.2: with client_no_context_takeover a client MUST NOT use context takeover; our own hint binds us, too.
      contextTakeover: most.ours.contextTakeover && !answered.clientNoContextTakeover,
      // RFC 7692 §7.1.2.2: no wider than the server says, nor than our offer said.
      windowBits: Math.min(most.ours.windowBits, offeredBits(answered.clientMaxWindowBits ?? true)),
    },
    peers: {
      contextTakeover: !answered.serverNoContextTakeover,
      windowBits: answered.serverMaxWindowBits ?? MAX_WINDOW_BITS,
    },
  };
}

function readParameters(
  parameters: readonly ExtensionParameter[],
  isResponse: boolean,
): DeflateParameters | ParameterFault {
  const read: DeflateParameters = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
  };
  for (const [index, parameter] of parameters.entries()) {
    // RFC 7692 §7.1: no name may stand there twice.
    const isRepeated = parameters.findIndex(({ name }) => name === parameter.name) < index;
    const fault = isRepeated ? "deflate-parameter-repeated" : readParameter(read, parameter, isResponse);
    if (fault !== undefined) return fault;
  }
  return read;
}

function readParameter(
  read: DeflateParameters,
  { name, value }: ExtensionParameter,
  isResponse: boolean,
): ParameterFault | undefined {
  switch (name) {
    // RFC 7692 §7.1.1: the two about the context have no value.
    case "server_no_context_takeover":
      read.serverNoContextTakeover = true;
      return value === true ? undefined : "deflate-parameter-invalid";
    case "client_no_context_takeover":
      read.clientNoContextTakeover = true;
      return value === true ? undefined : "deflate-parameter-invalid";
    case "server_max_window_bits":
      read.serverMaxWindowBits = windowBitsOf(value);
      return read.serverMaxWindowBits === undefined ? "deflate-parameter-invalid" : undefined;
    case "client_max_window_bits":
      // RFC 7692 §7.1.2.2: in an offer the value may be left out.
      read.clientMaxWindowBits = value === true && !isResponse ? true : windowBitsOf(value);
      return read.clientMaxWindowBits === undefined ? "deflate-parameter-invalid" : undefined;
    default:
      return "deflate-parameter-unknown";
  }
}

const windowBitsValues: readonly string[] = ["8", "9", "10", "11", "12", "13", "14", "15"];

/** RFC 7692 §7.1.2: a decimal integer without leading zeros, 8 to 15. */
function windowBitsOf(value: string | true): number | undefined {
  return value !== true && windowBitsValues.includes(value) ? Number(value) : undefined;
}

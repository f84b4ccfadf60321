import { isOptionalWhitespace, isTokenCharacter } from "../internal/http-token.js";

/** One extension that a client offers: `permessage-deflate; client_max_window_bits; server_max_window_bits=10`. */
export interface ExtensionOffer {
  /** The extension's name, as in `permessage-deflate`. */
  readonly name: string;
  /** In the order given, repetitions kept: what they mean is the extension's to say. `true` is a parameter without a value. */
  readonly parameters: readonly ExtensionParameter[];
}

/** One parameter of an extension, as in `client_max_window_bits=10`. */
export interface ExtensionParameter {
  /** Its name. */
  readonly name: string;
  /** Its value, unquoted; `true` when it has none. */
  readonly value: string | true;
}

/** Offers and parameters that one request may hold; more is malformed. No client sends more than a handful. */
const MAX_ITEMS = 64;

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The offers in all `values` of Sec-WebSocket-Extensions, or `undefined` when they break the grammar of RFC 6455 §9.1. */
export function parseExtensionOffers(values: readonly string[]): readonly ExtensionOffer[] | undefined {
  const offers: ExtensionOffer[] = [];
  if (values.length === 0) return offers;
  // RFC 9110 §5.3: header lines of one name are one list.
  const scanner = new ExtensionScanner(values.join(","));
  scanner.skipCommas();
  do {
    const offer = scanner.offer();
    if (offer === undefined) return undefined;
    offers.push(offer);
  } while (!scanner.isAtEnd);
  return offers;
}

/** Walks a header value by hand, each character once. */
class ExtensionScanner {
  readonly #text: string;
  #at = 0;
  #items = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** extension = extension-token *( ";" extension-param ), up to the end of the list's element. */
  offer(): ExtensionOffer | undefined {
    const name = this.#itemName();
    if (name === undefined) return undefined;
    const parameters: ExtensionParameter[] = [];
    while (this.#skip(SEMICOLON)) {
      const parameter = this.#parameter();
      if (parameter === undefined) return undefined;
      parameters.push(parameter);
    }
    return this.skipCommas() || this.isAtEnd ? { name, parameters } : undefined;
  }

  /** Skips commas, with nothing but white space between them (RFC 9110 §5.6.1.2). Whether there was one. */
  skipCommas(): boolean {
    if (!this.#skip(COMMA)) return false;
    while (this.#skip(COMMA));
    return true;
  }

  /** extension-param = token [ "=" (token | quoted-string) ] */
  #parameter(): ExtensionParameter | undefined {
    const name = this.#itemName();
    if (name === undefined) return undefined;
    if (!this.#skip(EQUALS)) return { name, value: true };
    const value = this.#skip(QUOTE) ? this.#quotedToken() : this.#token();
    return value === "" ? undefined : { name, value };
  }

  /** The name of one more offer or parameter; `undefined` where there is none, or one too many. */
  #itemName(): string | undefined {
    this.#items++;
    const name = this.#token();
    return name === "" || this.#items > MAX_ITEMS ? undefined : name;
  }

  /** Skips white space and then `code`, if it comes next. */
  #skip(code: number): boolean {
    this.#skipWhitespace();
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at++;
    return true;
  }

  #skipWhitespace(): void {
    while (isOptionalWhitespace(this.#text.charCodeAt(this.#at))) this.#at++;
  }

  /** A token, after any white space; empty where there is none. */
  #token(): string {
    this.#skipWhitespace();
    const start = this.#at;
    while (isTokenCharacter(this.#text.charCodeAt(this.#at))) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  /** The rest of a quoted string whose content is a token; empty where it is not. */
  #quotedToken(): string {
    let content = "";
    for (;;) {
      const start = this.#at;
      while (isTokenCharacter(this.#text.charCodeAt(this.#at))) this.#at++;
      content += this.#text.slice(start, this.#at);
      const code = this.#text.charCodeAt(this.#at++);
      // RFC 6455 §9.1: the value after quoted-string unescaping MUST conform to the token ABNF.
      if (code === QUOTE) return content;
      if (code !== BACKSLASH) return "";
      if (!isTokenCharacter(this.#text.charCodeAt(this.#at))) return "";
    }
  }
}

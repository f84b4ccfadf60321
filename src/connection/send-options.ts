/** What may be said of one message that is sent. It matters only where compression was agreed on. */
export interface SendOptions {
  /**
   * `true` has the message compressed however short it is, `false` sends it as it is. By default it is compressed when it is long
   * enough and messages of its type have shrunk lately.
   */
  readonly compress?: boolean | undefined;
  /**
   * The message holds a secret (a token, a password). It is sent as it is: compressed together with what an attacker has chosen, its
   * length would tell of it (CRIME, BREACH).
   */
  readonly secret?: boolean | undefined;
}

/** What a half of a connection is left with that serves none: nothing of it is called then. */
export const NOBODY: never = undefined as never;

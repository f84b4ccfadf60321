import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import type { StandardSchema } from "../../../src/json/index.js";

/** A move in a game. `at` is text on its way in and a number once the schema has seen it. */
export type MoveSchema = StandardSchema<
  { piece: string; to: number[]; at?: string | undefined },
  { piece: string; to: number[]; at?: number | undefined }
>;

/** The same schema in three libraries. */
export const moveSchemas: Readonly<Record<"zod" | "valibot" | "arktype", MoveSchema>> = {
  zod: z.object({ piece: z.string(), to: z.array(z.number()), at: z.string().transform(Number).optional() }),
  valibot: v.object({
    piece: v.string(),
    to: v.array(v.number()),
    at: v.optional(v.pipe(v.string(), v.transform(Number))),
  }),
  arktype: type({ piece: "string", to: "number[]", "at?": type("string").pipe(Number) }),
};

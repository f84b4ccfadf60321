/**
 * A schema of zod, valibot, arktype or any other library that follows version 1 of Standard Schema
 * (https://standardschema.dev). The standard is these types and no code, made to be declared by whoever takes schemas, so
 * that nothing needs to be installed for it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** All that the standard asks of a schema. */
  readonly "~standard": StandardSchemaProperties<Input, Output>;
}

/** What a schema offers to programs such as this one. */
export interface StandardSchemaProperties<Input, Output> {
  /** The version of the standard. */
  readonly version: 1;
  /** The name of the schema's library. */
  readonly vendor: string;
  /** Checks `value` and gives what the schema makes of it, or what is wrong with it. */
  readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  /** Never there at run time: carries the types. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
}

/** What a schema makes of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that a schema finds wrong. */
export interface SchemaIssue {
  /** What is wrong, for people. */
  readonly message: string;
  /** Where, from the outside in; some libraries wrap the keys. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The type that `Schema` takes. */
export type InferInput<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>["input"];

/** The type that `Schema` gives. */
export type InferOutput<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>["output"];

/** @throws TypeError when `schema` is none of version 1. */
export function checkSchema(what: string, schema: StandardSchema): void {
  // arktype's schemas are functions.
  const held: unknown = typeof schema === "object" || typeof schema === "function" ? schema?.["~standard"] : undefined;
  if (
    typeof held !== "object" ||
    held === null ||
    !("validate" in held) ||
    !("version" in held) ||
    held.version !== 1
  ) {
    throw new TypeError(
      `${what} takes a schema of zod, valibot, arktype or another library of Standard Schema version 1`,
    );
  }
}

/** Takes everything and leaves it as it is. */
export const anything: StandardSchema = {
  "~standard": { version: 1, vendor: "halyard", validate: (value) => ({ value }) },
};

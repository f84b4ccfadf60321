export { withinBudget } from "./compression-memory.js";
export { type CompressionOptions, type ResolvedCompressionOptions, resolveCompression } from "./compression-options.js";
export { Deflater, type PieceDeflater } from "./deflater.js";
export { Inflater, type InflaterOwner, type InflaterSetup } from "./inflater.js";

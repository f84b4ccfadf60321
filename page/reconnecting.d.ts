// `npm run build` makes reconnecting.js of these sources.
export * from "../src/reconnecting/index.js";

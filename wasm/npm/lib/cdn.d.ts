export * from "./index.js";
export * from "./models.js";

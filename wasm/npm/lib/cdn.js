// What dist/hrm.js is bundled from, the one file for a CDN.
export * from "./index.js";
export * from "./models.js";

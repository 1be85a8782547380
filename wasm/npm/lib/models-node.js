import "./node.js";

export * from "./models.js";

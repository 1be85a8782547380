export default { worker: { format: "es" } }; // the package's parts are chunks

// What differs outside a browser. lib/node.js, the entry for node, fills it in,
// so that no bundler for browsers meets a module of node.

/** readFile(address, signal): the bytes of a file; thread(): a worker as remote.js wants it. Null in a browser. */
export const platform = { readFile: null, thread: null };

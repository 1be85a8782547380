// Package clients tests the WebAssembly modules in hosts that nobody here wrote.
// It is a module of its own, so that what those hosts need burdens nobody else.
package clients

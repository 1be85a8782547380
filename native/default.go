// Package native is what the command adds to the library on a machine with an
// operating system: model files mapped into memory and the embedded default.
package native

// Package wgpu opens a WebGPU device: natively through wgpu-native, the Rust
// library that github.com/cogentcore/webgpu links statically, and in a browser
// through the browser's own WebGPU. Everywhere else, and with the build tag
// nogpu or without cgo, Open says that this build has none.
//
// Only programs that are to use a GPU import it, because the native library is
// a large download.
package wgpu

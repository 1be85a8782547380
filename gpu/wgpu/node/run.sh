#!/usr/bin/env bash
# Runs tests of package gpu as a GOOS=js program in node, on Dawn:
#
#	bash gpu/wgpu/node/run.sh [-test.run PATTERN]
#
# It needs node, npm and a Vulkan driver that Dawn takes: a GPU's, or the
# SwiftShader that comes with Chromium (Mesa 22's lavapipe lacks a feature).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
swift=/usr/lib/chromium/vk_swiftshader_icd.json
[ -e "$swift" ] && export VK_ICD_FILENAMES=${VK_ICD_FILENAMES:-$swift}
npm install --silent --no-fund --no-audit --prefix "$tmp" webgpu@0.6.2
cd "$here/../.."
GOOS=js GOARCH=wasm go test -c -o "$tmp/gpu.wasm" .
NODE_PATH=$tmp/node_modules exec_js=$(go env GOROOT)/lib/wasm/wasm_exec_node.js
export NODE_PATH
node --stack-size=8192 --require "$here/setup.cjs" "$exec_js" "$tmp/gpu.wasm" -test.v "${@:--test.run=WriteRead|RMSNorm$|Segment/trm/f32}"

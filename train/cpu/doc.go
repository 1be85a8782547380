// Package cpu is the training device for the processor's cores.
//
// Every lane's segment, loss and gradient depend on that lane alone, so a
// group of a few lanes goes through the whole step (forward, loss, backward)
// on one worker, with activations that stay in its cache. The groups are dealt
// to a fixed number of shards; a shard adds its groups' gradients in order
// into a flat buffer of its own, and the shards are added in order. The number
// of groups and shards depends on the specification alone, never on the number
// of threads, so a step gives the same bits on any number of cores.
package cpu

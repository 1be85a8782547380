// Package train trains the models of package runtime: deep supervision over
// the segments of a puzzle, adaptive computation time (ACT) and its learned
// halting, optimizers, schedules, evaluation and checkpoints.
//
// One optimizer step is one segment on every lane:
//
//	            Source                       the n'th example, a pure function of n
//	               | refill the lanes that halted
//	               v
//	+-- Device.Step: one submit, one read-back -----------------------------+
//	| zH, zL <- passes of the segment (the last ones differentiated)        |
//	| loss = lm + 0.5 * (q_halt + q_continue)                               |
//	| gradient, clip, optimizer, moving average                             |
//	+-----------------------------------------------------------------------+
//	               | per lane: q_halt, q_continue, loss, tokens right
//	               v
//	            Run: which lanes halted? learning rates, metrics, hooks
//
// Everything numeric happens behind [Device]; everything in this package is
// host code that all devices share. Nothing here keeps a random state: what
// is drawn at a step is a function of the seed and the step, so a checkpoint
// is the device's [State] and a few counters.
package train

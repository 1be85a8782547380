// Package faults holds tests of what the commands do when something goes wrong
// outside: processes are killed, disks are full, inputs are cut or have a wrong bit.
package faults

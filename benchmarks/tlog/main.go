// What golang.org/x/mod/sumdb/tlog, the tree under Go's checksum database, does a CPU second, on one thread, in the best
// window: entries of 256 bytes appended to a tree in memory, inclusion and consistency proven and checked.
//
// The tree lies in a slice, which is the quickest storage that the package can be given.
package main

import (
	"encoding/binary"
	"encoding/json"
	"log"
	"math/rand"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	windows = 7
	seconds = 2.0
	width   = 256
)

type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = s[index]
	}
	return found, nil
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func build(entries [][]byte) storage {
	var held storage
	for number, entry := range entries {
		held = append(held, must(tlog.StoredHashes(int64(number), entry, held))...)
	}
	return held
}

func cpu() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func rate(count int, work func()) float64 {
	least, spent := 1e9, 0.0
	for window := 0; window < windows || spent < seconds; window++ {
		begin := cpu()
		work()
		used := cpu() - begin
		least, spent = min(least, used), spent+used
	}
	return float64(count) / least
}

func main() {
	size, proofs := must(strconv.Atoi(os.Args[1])), must(strconv.Atoi(os.Args[2]))
	entries := make([][]byte, size)
	for number := range entries {
		entries[number] = binary.BigEndian.AppendUint64(make([]byte, width-8), uint64(number))
	}
	held, all := build(entries), int64(size)
	root := must(tlog.TreeHash(all, held))
	wanted, leaves := make([]int64, proofs), make([]tlog.Hash, proofs)
	paths, trees, roots := make([]tlog.RecordProof, proofs), make([]tlog.TreeProof, proofs), make([]tlog.Hash, proofs)
	for i := range wanted {
		wanted[i] = rand.Int63n(all)
		leaves[i] = tlog.RecordHash(entries[wanted[i]])
		paths[i] = must(tlog.ProveRecord(all, wanted[i], held))
		trees[i] = must(tlog.ProveTree(all, wanted[i]+1, held))
		roots[i] = must(tlog.TreeHash(wanted[i]+1, held))
	}
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"build, entries": rate(size, func() { build(entries) }),
		"prove inclusion": rate(proofs, func() {
			for _, index := range wanted {
				must(tlog.ProveRecord(all, index, held))
			}
		}),
		"verify inclusion": rate(proofs, func() {
			for i, index := range wanted {
				check(tlog.CheckRecord(paths[i], all, root, index, leaves[i]))
			}
		}),
		"verify consistency": rate(proofs, func() {
			for i, index := range wanted {
				check(tlog.CheckTree(trees[i], all, root, index+1, roots[i]))
			}
		}),
	})
}

#!/usr/bin/env python3
"""Time a segment here and in PyTorch, turn by turn, and print the ratio.

    python3 bench/pytorch/compare.py --threads 2 --rounds 3

Each round runs both programs one after the other on an otherwise idle
machine; the best of all rounds counts. Run it from the module's root.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def run_hrm(binary, lanes, args):
    command = [binary, "bench", "--json", "--threads", str(args.threads), "--lanes", str(lanes), "--seconds", str(args.seconds)]
    row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["rows"][0]
    return row["ms_per_puzzle_segment"], 100 * row["share_of_peak"]


def run_torch(lanes, args):
    command = [args.python, os.path.join(HERE, "segment.py"), "--threads", str(args.threads),
               "--lanes", str(lanes), "--seconds", str(args.seconds)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["ms_per_puzzle"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has torch")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "hrm")
        subprocess.run(["go", "build", "-o", binary, "./cmd/hrm"], check=True)
        print("lanes  hrm ms  % of peak  torch ms  ratio")
        for lanes in args.lanes:
            rounds = [(*run_hrm(binary, lanes, args), run_torch(lanes, args)) for _ in range(args.rounds)]
            ours, peak, torch = min(r[0] for r in rounds), max(r[1] for r in rounds), min(r[2] for r in rounds)
            print(f"{lanes:5}  {ours:6.1f}  {peak:9.0f}  {torch:8.1f}  {ours / torch:5.2f}", flush=True)


if __name__ == "__main__":
    main()

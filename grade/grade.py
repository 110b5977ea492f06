#!/usr/bin/env python3
"""make grade [LAB=name] [TEST=glob] [J=n] [SEED=n]: scores the tree by what its machine does (docs/grader.md).

Exit status: 0 full marks, 1 fewer, 2 the host could not run something (nobody lost points for that).
"""
import argparse
import os
import pathlib
import secrets
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP / 'grade'), str(TOP / 'tools')]
from core import build, score, table  # noqa: E402


def show(result, done, total):
    print(f'[{done:2}/{total}] {result["status"]:5} {result["name"]:24} {result["points"]:g}/{result["max"]:g}'
          f'  {result["seconds"]:.1f} s', flush=True)
    for part in result['parts']:
        if part['status'] == 'fail' and (part['expected'] or result['status'] == 'fail'):
            print(f'        {part["name"]}: expected {part["expected"]}; shown: {part["shown"]}')
    if result['expected']:
        print(f'        expected {result["expected"]}; shown: {result["shown"]}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--lab', default='')
    parser.add_argument('--test', default='', help='patterns of names, separated by commas')
    parser.add_argument('-j', type=int, default=os.cpu_count() or 1)
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--tree', default=str(TOP), help='another tree whose kernel is graded; already built')
    args = parser.parse_args()
    tests = table.choose(args.lab, args.test)
    if not tests:
        sys.exit('no such test')
    seed = secrets.randbelow(1 << 31) if args.seed is None else args.seed
    made = build.Build(args.tree, TOP)
    if args.tree == str(TOP):
        made.make('all')
    with tempfile.TemporaryDirectory(prefix='faultline-grade-') as folder:
        results = score.Runner(tests, made, seed, folder, args.j, show).run()
    points, most = sum(r['points'] for r in results), sum(r['max'] for r in results)
    print(f'{points:g} of {most:g} points (SEED={seed})')
    if any(r['status'] == 'infrastructure' for r in results):
        return 2
    return 0 if points == most else 1


if __name__ == '__main__':
    sys.exit(main())

"""Lets the tests import what the tools share (tools/faultline.py, qmp.py, sv39.py)."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'tools'))

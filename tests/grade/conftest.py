"""Lets the tests of the grader import it, and has a built tree for them."""
import pathlib
import subprocess
import sys

import pytest

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / 'grade'), str(TOP / 'tools')]


@pytest.fixture(scope='session')
def top():
    """This tree, built."""
    subprocess.run(['make', '-s', 'all'], cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    return TOP

"""Where the kernel and the programs of a graded tree are, and making them."""
import fcntl
import os
import pathlib
import subprocess

from core.guest import TOP
from core.verdict import Infrastructure

OF_MAKE = ('MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'MAKEOVERRIDES')  # variables of the make that called us


class Failed(Exception):
    """The compiler refused; the message is its own."""


class Build:
    """A built tree. The kernel is the submission's; everything else may be another, pristine tree's."""

    def __init__(self, tree=TOP, pristine=None):
        self.tree, self.pristine = pathlib.Path(tree), pathlib.Path(pristine or tree)
        self.kernel = self.tree / 'kernel/kernel.elf'
        self.layout = self.pristine / 'build/grade/layout.s'
        self.mkfs = self.pristine / 'build/mkfs'

    def program(self, name):
        """The file of a program: the grader's own, or one of user/."""
        own = self.pristine / f'build/grade/user/_{name}'
        return own if own.exists() else self.pristine / f'build/user/_{name}'

    def make(self, *targets, jobs=2):
        """Waits for other graders that build this tree."""
        with open(self.tree / 'Makefile', 'rb') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._make(targets, jobs)

    def _make(self, targets, jobs):
        try:
            env = {k: v for k, v in os.environ.items() if k not in OF_MAKE}
            done = subprocess.run(['make', '-s', f'-j{jobs}', *targets], cwd=self.tree, capture_output=True, text=True,
                                  errors='replace', timeout=600, check=False, env=env)
        except FileNotFoundError:
            raise Infrastructure('make is not installed: run `make deps`') from None
        except subprocess.TimeoutExpired:
            raise Failed('the build did not end within 600 s') from None
        if done.returncode:
            raise Failed((done.stdout + done.stderr).strip()[-8000:])

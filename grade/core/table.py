"""What a test is: data, one Test each, in the lists TESTS of grade/labs/NAME.py.

A test runs one program of grade/user/ on a machine of its own, and its check function looks at that machine from
outside (grade/core/machine.py). It scores by parts; what the check does not come to scores nothing.
"""
import dataclasses
import fnmatch
import importlib
import importlib.util

LABS = ('fault', 'lazy', 'cow', 'swap', 'policy')
FULL = {'fault': 20, 'lazy': 20, 'cow': 25, 'swap': 25, 'policy': 10}  # points


@dataclasses.dataclass(frozen=True)
class Machine:
    """Sizes in MiB but uframes (4 KiB frames of the user pool, 0: what there is). One hart is exactly repeatable.
    shift: log2 of the nanoseconds that an instruction takes in guest time. swap_errors: the swap disk can be made to
    fail (core/failing.py)."""
    harts: int = 1
    mem: int = 64
    uframes: int = 0
    swap: int = 0
    policy: str = ''
    append: str = ''
    shift: int = 0
    swap_errors: bool = False


@dataclasses.dataclass(frozen=True)
class Test:
    name: str            # LAB-WORDS
    title: str           # what is asked, in one sentence
    program: str         # of grade/user/
    check: object        # function of a machine.Run
    parts: dict          # {name: points}
    hint: str            # where to look when it fails
    manual: str          # section of the manual: lab/NAME/README.md#section
    machine: Machine = Machine()
    draw: dict = dataclasses.field(default_factory=dict)  # {parameter: (least, most)}; drawn anew for each run
    args: tuple = ()     # parameters that the program gets behind the seed
    seeds: int = 1       # runs with different seeds, all of which must pass
    needs: tuple = ()    # tests without which this one says nothing: not run when one of them scored nothing
    budget: int = 400    # million guest instructions, idle ones not counted, from QEMU's start to its end
    secret: bool = False # the program gets a number that follows from the seed, but not the seed
    helpers: tuple = ()  # further programs of grade/user/ on the disk

    @property
    def lab(self):
        return self.name.split('-')[0]

    @property
    def points(self):
        return sum(self.parts.values())


def load(labs=LABS):
    """All tests of these labs, in teaching order."""
    return [t for lab in LABS if lab in labs and importlib.util.find_spec(f'labs.{lab}')
            for t in importlib.import_module(f'labs.{lab}').TESTS]


def choose(lab='', pattern=''):
    """Tests by lab and by a pattern on their names."""
    tests = load((lab,) if lab else LABS)
    return [t for t in tests if not pattern or any(fnmatch.fnmatchcase(t.name, p) for p in pattern.split(','))]

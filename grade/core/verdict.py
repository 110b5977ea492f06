"""How a test ends early, and what it found out: the words that checks and machines share."""
import dataclasses


def some(things, most=3):
    """The first few of them in words."""
    things = list(things)
    rest = f'; and {len(things) - most} more' if len(things) > most else ''
    return '; '.join(map(str, things[:most])) + rest or 'none'


class Fail(Exception):
    """The submission does not do what the test asks. expected and shown go to the student."""

    def __init__(self, expected, shown=''):
        super().__init__(f'{expected}; {shown}')
        self.expected, self.shown = expected, shown


class Infrastructure(Exception):
    """The host, not the submission, is at fault: no points are lost for it, none are given."""


class Firmware(Infrastructure):
    """The emulator is at fault, in a way that another try with the same seed may not meet."""


@dataclasses.dataclass
class Part:
    """A piece of a test that scores by itself."""
    name: str
    points: float
    passed: bool = False
    reached: bool = False
    expected: str = ''
    shown: str = ''

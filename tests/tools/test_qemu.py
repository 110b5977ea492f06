"""make qemu: a shell on a terminal, with a file system that persists."""
import pexpect
import pytest
from support import PLENTY, TOP, command, environment

DISK = TOP / 'build' / 'fs-disk.img'
PROMPT = r'\$ '
QUIT = '\x01x'  # Ctrl-A X


class Terminal:
    """An interactive machine; plain text without the terminal's control sequences is what counts."""

    def __init__(self, **variables):
        self.p = pexpect.spawn('make', ['qemu'], cwd=str(TOP), env=environment(TERM='dumb', **variables),
                               timeout=PLENTY, encoding='utf-8', codec_errors='replace', dimensions=(50, 200))
        self.p.expect(PROMPT)

    def line(self, text):
        """What the shell printed after the line, up to the next prompt."""
        self.p.send(text + '\r')
        self.p.expect_exact('\n')
        self.p.expect(PROMPT)
        return self.p.before.replace('\r', '')

    def quit(self):
        self.p.send(QUIT)
        self.p.expect(pexpect.EOF)
        self.p.close()
        return self.p.exitstatus


@pytest.fixture(name='fresh_disk', autouse=True)
def fresh_disk_fixture():
    """The user's own disk is put aside for the test."""
    aside = DISK.with_suffix('.aside')
    if DISK.exists():
        DISK.rename(aside)
    yield
    DISK.unlink(missing_ok=True)
    if aside.exists():
        aside.rename(DISK)


def test_shell_lines():
    t = Terminal()
    out = t.line('ls | grep sh > f; cat f && echo yes; false || echo no')
    words = out.split()
    assert 'sh' in words and words[-2:] == ['yes', 'no'], out
    assert t.line('(exit 3); echo $?').strip().endswith('3')
    assert t.quit() == 0


def test_files_persist_until_the_disk_is_removed():
    t = Terminal()
    t.line('echo kept > kept; sync')
    assert t.quit() == 0
    t = Terminal(CPUS=4)
    assert 'kept' in t.line('cat kept')
    t.quit()
    DISK.unlink()
    t = Terminal()
    assert 'cannot open' in t.line('cat kept')
    t.quit()


def test_poweroff_ends_qemu():
    t = Terminal()
    t.p.send('poweroff\r')
    t.p.expect(pexpect.EOF)
    t.p.close()
    assert t.p.exitstatus == 0


def test_reboot_starts_again():
    t = Terminal()
    t.line('echo kept > kept')
    t.p.send('reboot\r')
    t.p.expect('OpenSBI')
    t.p.expect(PROMPT)
    assert t.line('cat kept').endswith('kept\n')
    assert t.quit() == 0


def test_control_characters():
    t = Terminal()
    t.p.send('sleep 1000\r')
    t.p.expect_exact('\n')
    t.p.send('\x10')  # Ctrl-P
    t.p.expect('sleep')
    t.p.send('\x03')  # Ctrl-C ends the job, not the shell
    t.p.expect(PROMPT)
    assert 'still here' in t.line('echo still here')
    t.quit()


def test_missing_image_is_said():
    r = command(['tools/qemu'], FSIMG='/nonexistent')
    assert r.status == 102 and b'missing' in r.err, r

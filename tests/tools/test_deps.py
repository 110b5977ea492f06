"""make deps, with a package manager that is a script: what it asks for, and when it leaves the system alone."""
import shutil

import pytest
from support import TOP, command

TOOLS = ('sh', 'env', 'id', 'dirname', 'printf', 'cat', 'touch', 'chmod', 'uname', 'ln')
NEEDED = ('qemu-system-riscv64', 'riscv64-unknown-elf-gcc', 'riscv64-unknown-elf-ld', 'gdb-multiarch', 'cc', 'clang',
          'clang-format', 'shellcheck', 'dtc', 'make', 'python3')


def script(path, text):
    path.write_text('#!/bin/sh\n' + text + '\n')
    path.chmod(0o755)


@pytest.fixture(name='system')
def system_fixture(tmp_path):
    """A directory that is the whole PATH: every needed program, and an apt that notes what it was asked."""
    for name in TOOLS:
        (tmp_path / name).symlink_to(shutil.which(name))
    for name in NEEDED:
        script(tmp_path / name, 'exit 0')
    script(tmp_path / 'apt-get', f'echo "$@" >> {tmp_path}/asked; [ "$1" = update ] || ln -s true {tmp_path}/dtc')
    script(tmp_path / 'apt-cache', '[ "$2" != libclang-rt-14-dev ]')
    script(tmp_path / 'true', 'exit 0')
    script(tmp_path / 'sudo', f'echo sudo >> {tmp_path}/asked; exec "$@"')
    return tmp_path


def deps(system):
    r = command([TOP / 'tools' / 'deps'], PATH=system)
    asked = system / 'asked'
    return r, asked.read_text().splitlines() if asked.exists() else []


def test_nothing_to_do(system):
    r, asked = deps(system)
    assert (r.status, r.out, asked) == (0, b'', []) and r.seconds < 5, r


def test_installs_what_is_missing(system):
    (system / 'dtc').unlink()
    r, asked = deps(system)
    asked = [line for line in asked if line != 'sudo']
    assert r.status == 0 and b'dtc' in r.out, r
    assert asked[0].startswith('update') and 'install' in asked[1] and len(asked) == 2, asked
    for package in ('qemu-system-misc', 'gcc-riscv64-unknown-elf', 'device-tree-compiler', 'python3-pytest'):
        assert package in asked[1].split(), asked
    assert 'libclang-rt-14-dev' not in asked[1], 'a package that this release does not have'


def test_still_missing_is_an_error(system):
    (system / 'dtc').unlink()
    script(system / 'apt-get', 'exit 0')
    r, _ = deps(system)
    assert r.status == 1 and b'dtc' in r.err, r


def test_other_systems_get_advice(system):
    (system / 'dtc').unlink()
    (system / 'apt-get').unlink()
    script(system / 'dnf', 'exit 1')
    script(system / 'python3', 'exit 1')  # doctor finds that building is impossible
    r, _ = deps(system)
    assert r.status == 1 and b'dnf install' in r.err and b'qemu-system-riscv' in r.err, r

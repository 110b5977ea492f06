"""Programs written for xv6-riscv compile unchanged: headers, prototypes, macros and library, used as they use them."""
import os
import shlex

import pytest
from support import TOP, command, run

SOURCE = TOP / 'tests' / 'tools' / 'compat.c'
# as far as a program may go in less: sh and the utilities of xv6 include only these, and stat.h comes first
SHORT = '''#include "kernel/types.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "kernel/fs.h"
int main(){ struct stat st; return stat("README", &st) + DIRSIZ; }
'''


def value_of(words):
    """What the Makefile makes of words."""
    r = command(['make', '-s', '--no-print-directory', f'--eval=say-words:; @echo {words}', 'say-words'])
    assert r.status == 0, r
    return shlex.split(r.out.decode())


def compile_program(source, to, *flags):
    r = command([*value_of('$(KCC) $(UCFLAGS)'), *flags, '-MF', f'{to}.d', '-c', '-o', f'{to}.o', source])
    assert (r.status, r.err) == (0, b''), r.err.decode()
    r = command([*value_of('$(LD) $(LDFLAGS) -T user/user.ld'), '-o', to, f'{to}.o', *value_of('$(ULIB) $(LIBGCC)')])
    assert (r.status, r.err) == (0, b''), r.err.decode()


def test_names_types_and_numbers(tmp_path):
    compile_program(SOURCE, tmp_path / 'compat', '-Werror')


def test_few_headers_and_old_style(tmp_path):
    (tmp_path / 'short.c').write_text(SHORT)
    compile_program(tmp_path / 'short.c', tmp_path / 'short')


@pytest.mark.parametrize('cpus', [1, 3])
def test_calls_do_what_they_do_there(tmp_path, cpus):
    compile_program(SOURCE, tmp_path / '_compat', '-Werror')
    image = tmp_path / 'image'
    r = command(['build/mkfs', image, *value_of('$(FILES)'), tmp_path / '_compat'])
    assert r.status == 0, r
    r = run('compat word', FSIMG=os.fspath(image), CPUS=cpus)
    assert r.status == 0, r
    assert r.out == b'-1 2 3 ab c s % -4 5 cd -6 7 ef\n0x0000000000000012\n', r

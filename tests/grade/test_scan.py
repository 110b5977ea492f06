"""What C text and assembly are refused, and what the sandbox keeps in."""
import subprocess
import sys
import time

import pytest

from core import sandbox, scan, submission
from core.verdict import Infrastructure

HEADERS = {'kernel/vm/as.h', 'kernel/riscv.h'}


@pytest.mark.parametrize('text', [
    '#include "/etc/passwd"',
    '#include "kernel/vm/cow.c"',
    '#include "kernel/../../etc/passwd"',
    '#include "../secret.h"',
    '#include "kernel/vm/none.h"',
    '#include <stdio.h>',
    '#include </etc/passwd>',
    '# /* x */ include "/etc/passwd"',
    '#inc\\\nlude "/etc/passwd"',
    '#inc\\  \nlude "/etc/passwd"',
    '%:include "/etc/passwd"',
    '??=include "/etc/passwd"\n#include_next <stdint.h>',
    '#define FILE "/etc/passwd"\n#include FILE',
    '#include "kernel/riscv.h" "x"',
    '#include <foo"/*>\n#include "/etc/passwd"\n#define X "*/"',
    'char *s = "/*";\n#include "/etc/passwd"\nchar *t = "*/";',
    "int a = '\"';\n#include \"/etc/passwd\"\nint b = '\"';",
    "#error don't /*\n#include \"/etc/passwd\"\n// */",
    'char *s = R"(\n)";\n#include "/etc/passwd"\n',
    'char *s = u8R"x(/*)x";',
    '#import "kernel/riscv.h"',
    '#if __has_include("/etc/passwd")\n#endif',
    '#pragma GCC dependency "/etc/passwd"',
    '#pragma GCC poison printf',
    '#pragma include_alias("kernel/riscv.h", "/etc/passwd")',
    '_Pragma("GCC dependency \\"/etc/passwd\\"")',
    '#ident "x"',
    '#line 1 "/etc/passwd"',
    '# 1 "/etc/passwd" 1',
    '#embed "/etc/passwd"',
    '/* */ # include "/etc/passwd"',
    'int x;\x0b\n#\x0binclude "/etc/passwd"',
    'int x;\r#include "/etc/passwd"\n',
    'int x;\0',
    'int \xe9t\xe9;',
])
def test_refused_c(text):
    assert scan.c_source(text.encode('latin-1'), HEADERS)


@pytest.mark.parametrize('text', [
    '#include "kernel/vm/as.h" // areas\n  #  include <stdint.h> /* types */\n',
    'char *s = "#include \\"/etc/passwd\\"";\n// #include "/etc/passwd"\n/*\n#include "/etc/passwd"\n*/\n',
    '\xef\xbb\xbf#define ADD(a, b) ((a) + (b)) // caf\xe9\n#ifdef ADD\n#else\n#error no\n#endif\n#\n',
    '#include "kernel/riscv.h"\r\nint x = 7 % 3; // CR LF\r\n#pragma GCC diagnostic push\r\n',
    'char c = \'"\', d = \'\\\'\'; char *s = "\\\\"; int LR = 1;',
])
def test_accepted_c(text):
    assert scan.c_source(text.encode('latin-1'), HEADERS) == []


def test_our_own_files_are_accepted(top):
    headers = {str(p.relative_to(top)) for p in (top / 'kernel').rglob('*.h')}
    for path in submission.scope('', top):
        assert scan.c_source((top / path).read_bytes(), headers) == []


@pytest.mark.parametrize('line', [
    '\t.incbin "/etc/passwd"',
    '\t.INCBIN "/etc/passwd"',
    '\t.include "/etc/passwd"',
    'here: .incbin "/etc/passwd"',
    '1: 2: x$y: .incbin "/etc/passwd"',
    '\tnop; .incbin "/etc/passwd"',
    '\tnop ;.  incbin "/etc/passwd"',
    '\t.macro m',
    '\t.rept 1000000000',
    '\t.irp x, bin\n.inc\\x "/etc/passwd"\n.endr',
    '\t.altmacro',
    '\t.set y, 1; .if y; .endif',
    '\t.string "a" ; .incbin "b"',
    '\t.string "a\n\t.incbin "b"\n\t.string "c"',
    '\tli a0, \'"\' ; .incbin "x" ; li a0, \'"\'',
    '\tnop /* " */ ; .incbin "x"',
    '\tnop // "\n',
    '\t"quoted" = 3',
    'name = 3',
    '\t.section .gnu.lto_main,"e",@progbits',
    '\t.section .text.entry,"ax",@progbits',
    '\t.section .init_array,"aw"',
    '\t.pushsection .extable,"a"',
    '\t.org 0x100000000',
    '\t.fill 1000000000, 8, 0',
    '\t.symver x, y@z',
    '\t.weakref a, b',
    '\t.err',
    '\t.print "x"',
    '\t.mri 1',
    '\t.reloc 0, R_RISCV_64, frame_table',
    '\tnop\x0c.incbin "x"',
    '\tnop `x`',
    '\tnop # incbin',
])
def test_refused_assembly(line):
    text = f'\t.file\t"x.c"\n\t.text\n #APP\n# 7 "kernel/vm/cow.c" 1\n{line}\n # 0 "" 2\n #NO_APP\n\tret\n'
    complaints = scan.assembly(text)
    assert complaints and '(line 7)' in complaints[0]


def test_accepted_assembly():
    assert scan.assembly('\t.file\t"x.c"\n\t.text\n#APP\n# 3 "./kernel/riscv.h" 1\n\tcsrr a0, sstatus # " x\n'
                         '1: bnez a0, 1b; fence\n# 0 "" 2\n#NO_APP\n\t.section\t.rodata.str1.8,"aMS",@progbits,1\n'
                         '.LC0:\n\t.string\t"\\"; .incbin # \\\\"\n\t.set\tother,x\n\t.cfi_endproc\n'
                         '\t.size\tx, .-x\n\t.ident\t"GCC: (x) 12"\n') == []


def test_assembly_that_turns_the_rules_around():
    assert scan.assembly('#NO_APP\n\tnop\n')


def test_scans_take_linear_time():
    begin = time.process_time()
    for text in ('a' * 262144, '/*' * 131072, '"' * 262144, '\\ ' * 131072, "'\\" * 131072, '#' + ' ' * 262143):
        scan.c_source(text.encode(), HEADERS)
    for text in ('a:' * 100_000, '.' * 100_000, '"\\' * 50_000, '. ' * 100_000, 'a' * 100_000, ';' * 100_000):
        scan.assembly(text)
    assert time.process_time() - begin < 20


# ---- the sandbox

def isolated():
    return not sandbox.isolation((sys.executable,))


def python(code, folder, **limits):
    return sandbox.run([sys.executable, '-I', '-S', '-c', code], folder, sandbox.Limits(**limits), (sys.executable,))


def test_sandbox_runs_and_tells_the_status(tmp_path):
    done = python('open("made", "w").write("x"); print("said"); raise SystemExit(7)', tmp_path)
    assert (done.status, done.text, done.limit) == (7, 'said\n', '')
    assert (tmp_path / 'made').read_text() == 'x'


def test_sandbox_passes_no_environment_on(tmp_path, monkeypatch):
    monkeypatch.setenv('FAULTLINE_SECRET', 'canary')
    assert 'canary' not in python('import os; print(os.environ)', tmp_path).text


@pytest.mark.skipif(not isolated(), reason='no namespaces here')
def test_sandbox_hides_the_host(tmp_path):
    folder, canary = tmp_path / 'work', tmp_path / 'canary'
    folder.mkdir()
    canary.write_text('canary-text')
    code = f'''
import glob, os, socket
for path in ({str(canary)!r}, "/etc/passwd", "/proc/self/environ", "/root", "/home", "/work/../canary"):
    try:
        print("READ", path, open(path).read() if not os.path.isdir(path) else os.listdir(path))
    except OSError:
        pass
for path in ("/usr/x", "/bin/x", "/lib/x", "/etc/alternatives/x"):
    try:
        open(path, "w"); print("WROTE", path)
    except OSError:
        pass
for address in (("127.0.0.1", 22), ("192.0.2.1", 80)):
    try:
        socket.create_connection(address, 2); print("CONNECTED")
    except OSError:
        pass
for what in (os.fork, lambda: os.chroot("/"), lambda: os.kill({subprocess.os.getpid()}, 0)):
    try:
        if what() == 0: os._exit(0)
        if what is not os.fork: print("DID", what)
    except OSError:
        pass
print("end")
'''
    assert python(code, folder).text == 'end\n'


def test_limits(tmp_path):
    assert python('while True: pass', tmp_path, cpu=1).status != 0
    assert python('x = bytearray(1 << 30)', tmp_path, memory=256 << 20).status != 0
    assert python('open("big", "wb").write(bytes(1 << 22))', tmp_path, file=1 << 20).status != 0
    assert (tmp_path / 'big').stat().st_size <= 1 << 20
    done = python('while True: print("x" * 1000)', tmp_path, output=1 << 16)
    assert done.limit == 'output' and len(done.text) <= 1 << 16


def test_a_command_that_sleeps_is_the_hosts_fault(tmp_path):
    with pytest.raises(Infrastructure, match='did not end within 1 s'):
        python('import time; time.sleep(100)', tmp_path, seconds=1)


def test_missing_program(tmp_path):
    with pytest.raises(Infrastructure, match='not installed'):
        sandbox.run(['no-such-compiler'], tmp_path)

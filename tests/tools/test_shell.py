"""The shell and the utilities: command lines with what they must print and return.

All cases of a table run on one machine. Each is a script on a disk image made for it; a driver script runs them one
after the other, in a directory of its own, and prints marks between their outputs.
"""
import os
import re
import subprocess
from collections import namedtuple

import pytest
from support import TOP, run

Case = namedtuple('Case', 'line out status err', defaults=('', 0, ''))
Result = namedtuple('Result', 'out status err')


def C(line, out='', status=0, err=''):
    """err is a regular expression; without one there must be no messages."""
    return Case(line, out, status, err)


WORDS = [
    C('echo a b', 'a b\n'),
    C('echo   a    b  # comment', 'a b\n'),
    C('# nothing but a comment'),
    C('', ''),
    C("echo 'a  b'", 'a  b\n'),
    C('echo "a  b"', 'a  b\n'),
    C('echo "a\'b" \'a"b\'', 'a\'b a"b\n'),
    C(r'echo a\ \ b \\ \; \$x \"', 'a  b \\ ; $x "\n'),
    C(r'echo "a\"b\$c\\d\e"', 'a"b$c\\d\\e\n'),
    C('echo a"b"\'c\'d', 'abcd\n'),
    C('echo "" \'\' x', '  x\n'),
    C('echo a#b #c', 'a#b\n'),
    C('echo a\\\nb', 'ab\n'),
    C('echo "two\nlines"', 'two\nlines\n'),
    C('echo a;echo b;', 'a\nb\n'),
    C('echo -n x', 'x'),
    C('echo $', '$\n'),
    C('echo a=b', 'a=b\n'),
]

STATUS = [
    C('true; echo $?', '0\n'),
    C('false; echo $?', '1\n'),
    C('exit 7', '', 7),
    C('exit 300', '', 44),
    C('false; exit', '', 1),
    C('false', '', 1),
    C('true && echo yes', 'yes\n'),
    C('false && echo yes', '', 1),
    C('false || echo no', 'no\n'),
    C('true || echo no', ''),
    C('false && echo a || echo b', 'b\n'),
    C('true || echo a && echo b', 'b\n'),
    C('! true', '', 1),
    C('! false && echo x', 'x\n'),
    C('! true | false', ''),
    C('no-such-program', '', 127, 'no-such-program: not found'),
    C('no-such-program; echo $?', '127\n', 0, 'not found'),
    C('/README', '', 126, 'cannot execute'),
    C('mkdir dir1; ./dir1', '', 126, 'is a directory'),
    C('true | false', '', 1),
    C('false | true', '', 0),
    C('(exit 5)', '', 5),
    C('(exit 5); echo $?', '5\n'),
    C('sh -c "exit 3"; echo $?', '3\n'),
    C('sleep 5 & kill $!; wait; echo done', 'done\n'),
    C('sh -c \'kill $$\'; echo $?', '255\n'),
    C('exit 1 2', '', 2, 'usage: exit'),
    C('exit x', '', 2, 'usage: exit'),
]

PIPES = [
    C('echo a | cat', 'a\n'),
    C('echo a | cat | cat | cat | cat | cat | cat | cat | cat', 'a\n'),
    C('echo hello | wc', '1 1 6 \n'),
    C('(echo a; echo b) | grep b', 'b\n'),
    C('echo a |\n cat', 'a\n'),
    C('{ echo a; echo b; } | wc', '2 2 4 \n'),
    C('cat /sh | wc > n; wc /sh > m; head -1 n | grep -c ..', '1\n'),
    C('echo a | (cat; echo b)', 'a\nb\n'),
    C('cat /usertests | head -n 1 > x; echo $?', '0\n', 0, ''),
    C('ls / | grep sh > f; cat f | head -1 | grep -c sh && echo yes; false || echo no', '1\nyes\nno\n'),
    C('x=1; echo | x=2; echo $x', '1\n'),
    C('echo b | while read l; do echo got $l; done', 'got b\n'),
]

REDIRECTIONS = [
    C('echo a > f1; echo b >> f1; cat < f1', 'a\nb\n'),
    C('echo abc > f2; echo d > f2; cat f2', 'd\n'),
    C('>f3 echo x; cat f3', 'x\n'),
    C('> f4; cat f4'),
    C('cat < no-such-file', '', 1, 'no-such-file: cannot open'),
    C('cat < no-such-file; echo $?', '1\n', 0, 'cannot open'),
    C('echo a > /no/dir', '', 1, 'cannot create'),
    C('cat nofile 2> e5; cat e5', 'cat: cannot open nofile\n'),
    C('cat nofile > e6 2>&1; cat e6', 'cat: cannot open nofile\n'),
    C('cat nofile 2>&1 | cat', 'cat: cannot open nofile\n'),
    C('echo x >&2', '', 0, 'x'),
    C('(echo a; echo b) > f7; cat f7', 'a\nb\n'),
    C('for i in 1 2; do echo $i; done > f8; cat f8; echo out', '1\n2\nout\n'),
    C('echo q > f9; { read a; echo $a; } < f9', 'q\n'),
    C('cd / > f10; echo here; cat f10', 'here\n', 1, 'cat: cannot open f10'),
    C('echo a >f11 b; cat f11', 'a b\n'),
    C('echo 2>f12; cat f12', '\n'),
    C('echo a 3>f13 >&3; cat f13', 'a\n'),
    C('echo a > "f 14"; cat "f 14"', 'a\n'),
    C('cat <f11 >f15; cat f15', 'a b\n'),
    C('test -e nofile 2>e16; echo $?', '1\n'),
    C('{ echo a; { echo b; { echo c; } >f17c; } >f17b; } >f17a; cat f17a f17b f17c', 'a\nb\nc\n'),
    C('echo x >&-; echo y', 'y\n'),
    C('echo a > f18 > f19; cat f18; cat f19', 'a\n'),
    C('echo a >&9', '', 1, '9: not an open descriptor'),
]

VARIABLES = [
    C('x=5; echo $x ${x}y "$x" \'$x\'', '5 5y 5 $x\n'),
    C('x="a  b"; echo $x; echo "$x"', 'a b\na  b\n'),
    C('echo [$nothing]', '[]\n'),
    C('x=; echo "[$x]"', '[]\n'),
    C('x=a y=$x; echo $y', 'a\n'),
    C('x=1; (x=2; echo $x); echo $x', '2\n1\n'),
    C('x="echo hi"; $x', 'hi\n'),
    C('x=; $x; echo $?', '0\n'),
    C('echo $#', '0\n'),
    C('echo "$@" | wc', '1 0 1 \n'),
    C("echo 'echo $0 $1 $2 $#' > s1; sh s1 a 'b c'", 's1 a b c 2\n'),
    C("echo 'for i in \"$@\"; do echo [$i]; done' > s2; sh s2 a 'b c'", '[a]\n[b c]\n'),
    C("echo 'for i; do echo [$i]; done' > s3; sh s3 x y", '[x]\n[y]\n'),
    C("sh -c 'echo $0 $1 $#' name a b", 'name a 2\n'),
    C("echo 'shift; echo $1 $#' > s4; sh s4 a b c", 'b 2\n'),
    C('x=a; unset x; echo "[$x]"', '[]\n'),
    C('echo $(echo a; echo b)', 'a b\n'),
    C('echo "$(echo a; echo b)"', 'a\nb\n'),
    C('echo `echo a` "`echo b c`"', 'a b c\n'),
    C('x=$(echo $(echo deep)); echo $x', 'deep\n'),
    C('x=$(false); echo $?', '1\n'),
    C('echo $((1 + 2 * 3)) $(( (1+2)*3 )) $((7/2)) $((7%3)) $((-3))', '7 9 3 1 -3\n'),
    C('i=4; echo $((i + 1)) $((i * i == 16)) $((i > 5 || i < 5))', '5 1 1\n'),
    C('echo $((1/0))', '', 1, 'division by zero'),
    C('echo $((1+))', '', 1, 'unexpected end'),
    C('echo ${a-b}', '', 1, 'bad substitution'),
    C('echo $(echo a', '', 2, r'syntax error: unexpected end, missing \)'),
]

PATTERNS = [
    C('mkdir g; cd g; touch ab ac b .h; echo *; echo a*; echo ?; echo a[bc] a[!b] .*',
      'ab ac b\nab ac\nb\nab ac ac . .. .h\n'),
    C('cd g; echo z* "a*" \'a*\' a\\*', 'z* a* a* a*\n'),
    C('echo g/a*; echo */ab', 'g/ab g/ac\ng/ab\n'),
    C('x="g/a*"; echo $x "$x"', 'g/ab g/ac g/a*\n'),
    C('for f in g/*; do echo $f; done', 'g/ab\ng/ac\ng/b\n'),
    C('echo /s[h]', '/sh\n'),
    C('echo [', '[\n'),
]

CONTROL = [
    C('if true; then echo a; else echo b; fi', 'a\n'),
    C('if false; then echo a; elif true; then echo c; else echo b; fi', 'c\n'),
    C('if false; then echo a; fi; echo $?', '0\n'),
    C('for i in a b c; do echo $i; done', 'a\nb\nc\n'),
    C('for i in; do echo $i; done; echo end', 'end\n'),
    C('i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done', '0\n1\n2\n'),
    C('i=0; until [ $i = 2 ]; do i=$((i+1)); done; echo $i', '2\n'),
    C('for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; echo $i; done', '1\n3\n'),
    C('for i in 1 2 3; do for j in 1 2 3; do break 2; done; done; echo $i $j', '1 1\n'),
    C('for i in 1 2; do for j in 1 2; do continue 2; done; done; echo $i $j', '2 1\n'),
    C('while true; do break; done; echo out', 'out\n'),
    C('break', '', 1, 'not in a loop'),
    C('if true\nthen\n  echo a\nfi\nfor i in x y\ndo\n  echo $i\ndone', 'a\nx\ny\n'),
    C('{ echo a; exit 4; }; echo b', 'a\n', 4),
    C('(echo a; exit 4); echo b $?', 'a\nb 4\n'),
    C('((echo a))', 'a\n'),
    C('(cd /; echo *README); echo README', 'README\nREADME\n'),
    C('echo a & wait; echo b', 'a\nb\n'),
    C('(sleep 0.3; echo late) & echo early; wait', 'early\nlate\n'),
    C('sleep 100 & p=$!; kill $p; wait; echo gone', 'gone\n'),
    C('[ -f /sh ] && [ -d / ] && [ ! -e nope ] && [ -s /sh ] && echo ok', 'ok\n'),
    C('[ 1 -lt 2 ] && [ a != b ] && [ -n x ] && [ -z "" ] && echo ok', 'ok\n'),
    C('[ a', '', 2, 'without ]'),
    C('cd /nowhere', '', 1, 'cannot change'),
    C('mkdir c1; cd c1; echo x > y; cd ..; cat c1/y', 'x\n'),
    C('cd c1; ls > /dev1; wc /dev1 | grep -c dev1', '1\n'),
    C('i=0; while [ $i -lt 300 ]; do i=$((i+1)); done; echo $i', '300\n'),
]

SYNTAX = [
    C(')', '', 2, r'line 1: syntax error: unexpected \)'),
    C('echo a\n|\necho b', 'a\n', 2, r'line 2: syntax error: unexpected \|'),
    C('echo a; ; echo b', '', 2, 'unexpected ;'),
    C('echo a &&', '', 2, 'unexpected end'),
    C('(echo a', '', 2, r'unexpected end, missing \)'),
    C('echo "a', '', 2, 'missing "'),
    C("echo 'a", '', 2, "missing '"),
    C('echo >', '', 2, 'missing file name'),
    C('if true; then', '', 2, 'unexpected end'),
    C('fi', '', 2, 'unexpected fi'),
    C('for 1 in a; do true; done', '', 2, 'unexpected 1'),
    C('echo a (b)', '', 2, r'unexpected \('),
    C('while do done', '', 2, 'unexpected do'),
    C('| a', '', 2, r'unexpected \|'),
    C('a & & b', '', 2, 'unexpected &'),
    C('echo ok; sh -c ")"; echo $?', 'ok\n2\n', 0, 'syntax error'),
    C('(' * 101 + 'true' + ')' * 101, '', 2, 'nested too deeply'),
    C('(' * 20 + 'echo deep' + ')' * 20, 'deep\n'),
    C('{ ' * 99 + 'echo deep' + '; }' * 99, 'deep\n'),
    C('echo ' + 'x' * 3000 + ' | wc', '1 1 3001 \n'),
    C('echo ' + 'x ' * 62 + '| wc', '1 62 124 \n'),
    C('true ' + 'x ' * 64, '', 126, 'too many arguments'),
    C('true' + '; true' * 3000 + '; echo end', 'end\n'),
    C('true' + ' && true' * 300 + ' && echo end', 'end\n'),
    C('echo "' + '"$(echo "' * 200 + 'x', '', 2, 'syntax error'),
    C('echo ' + '$((' * 120 + '1' + '))' * 120, '', 1, 'nested too deeply'),
    C('echo ' + '$((' * 50 + '1' + '))' * 50, '1\n'),
    C('echo a | sh nofile', '', 127, 'nofile: cannot open'),
    C("echo 'echo 1\n)\necho 2' | sh", '1\n2\n', 0, 'syntax error'),
    C("echo 'echo 1; echo \"a' | sh", '', 2, 'unexpected end'),
    C('sh -x', '', 2, 'usage: sh'),
    C('\x01\x02\x7f', '', 127, 'not found'),
]

SCRIPTS = [
    C("echo '#!sh\necho script $1' > sc; ./sc arg; sc arg", 'script arg\nscript arg\n'),
    C("echo 'echo from pipe' | sh", 'from pipe\n'),
    C("(echo 'cat'; echo data) | sh", 'data\n'),
    C("echo 'exit 9' > s9; sh s9; echo $?", '9\n'),
    C("echo 'read a; echo [$a]' > sr; echo line | sh sr", '[line]\n'),
    C('sh nofile', '', 127, 'nofile: cannot open'),
    C('sh -c ""; echo $?', '0\n'),
    C('sh -c "echo a\necho b"', 'a\nb\n'),
]

UTILITIES = [
    C('echo a > u1; echo b > u2; cat u1 - u2 < u1', 'a\na\nb\n'),
    C('cat u1 nofile u2', 'a\nb\n', 1, 'cat: cannot open nofile'),
    C('cat -z', '', 2, 'usage: cat'),
    C('echo one > g1; echo two >> g1; echo THREE >> g1; grep o g1', 'one\ntwo\n'),
    C('grep ^t g1; grep o$ g1; grep t.o g1; grep on*e g1', 'two\ntwo\ntwo\none\n'),
    C('grep -v o g1; grep -i three g1; grep -n two g1; grep -c o g1; grep -vc o g1', 'THREE\nTHREE\n2:two\n2\n1\n'),
    C('grep x g1', '', 1),
    C('grep', '', 2, 'usage: grep'),
    C('grep o nofile', '', 2, 'cannot open'),
    C('grep one g1 u1', 'g1:one\n'),
    C(r'echo a.b > g2; echo axb >> g2; grep "a\.b" g2', 'a.b\n'),
    C('grep "*" g2', '', 1),
    C('grep "x*b" g2', 'a.b\naxb\n'),
    C('(echo 1; echo 2; echo 3) | head -2; (echo 1; echo 2) | head -n 1', '1\n2\n1\n'),
    C('head -n x', '', 2, 'usage: head'),
    C('head nofile', '', 1, 'cannot open'),
    C('kill', '', 2, 'usage: kill'),
    C('kill abc', '', 2, 'usage: kill'),
    C('kill 9999', '', 1, 'no process 9999'),
    C('ln u1 u1b; cat u1b; ln nofile x', 'a\n', 1, 'cannot link'),
    C('ln', '', 2, 'usage: ln'),
    C('mkdir d; touch d/f; ls d | grep -c "^f  *2 .* 0$"; ls nofile', '1\n', 1, 'cannot open nofile'),
    C('ls -l d | grep -c file', '1\n'),
    C('ls d/f | grep -c "^f "', '1\n'),
    C('ls -q', '', 2, 'usage: ls'),
    C('mkdir', '', 2, 'usage: mkdir'),
    C('mkdir d', '', 1, 'cannot create d'),
    C('mv u1b u3; cat u3; cat u1b', 'a\n', 1, 'cannot open'),
    C('mv u3 d; cat d/u3; mv d e; cat e/u3; mv e d; mv nofile x', 'a\na\n', 1, 'cannot move'),
    C('mv', '', 2, 'usage: mv'),
    C('cp u1 u4; cat u4; cp u1 u2 d; cat d/u2; cp d x', 'a\nb\n', 1, 'without -r'),
    C('cp -r d k; cat k/u2; cp -r d d/d; cat d/d/u2; cp u1 u1', 'b\nb\n', 1, 'same file'),
    C('cp /usertests big; wc big | grep -c big; wc < big > n1; wc < /usertests > n2; cat n1 n2 > n3; head -1 n1 > n4; '
      'grep -c . n4', '1\n1\n'),
    C('cp u1', '', 2, 'usage: cp'),
    C('cp nofile x', '', 1, 'no such file'),
    C('rm u4; cat u4', '', 1, 'cannot open'),
    C('rm nofile', '', 1, 'no such file'),
    C('rm -f nofile'),
    C('rm k', '', 1, 'without -r'),
    C('rm -r k; ls k', '', 1, 'cannot open k'),
    C('rm', '', 2, 'usage: rm'),
    C('wc u1 u2', '1 1 2 u1\n1 1 2 u2\n2 2 4 total\n'),
    C('echo "a b c" | wc', '1 3 6 \n'),
    C('wc nofile', '', 1, 'cannot open'),
    C('ps | grep -c "init$"; ps | grep -c " ps$"', '1\n1\n'),
    C('ps x', '', 2, 'usage: ps'),
    C('free | grep -c memory', '1\n'),
    C('uptime | grep -c "^up "', '1\n'),
    C('sleep 0; sleep 0.1; sleep .1; sleep x', '', 2, 'usage: sleep'),
    C('sleep', '', 2, 'usage: sleep'),
    C('time echo hi 2> t1; grep -c "^real" t1', 'hi\n1\n'),
    C('time false', '', 1, 'real'),
    C('time', '', 2, 'usage: time'),
    C('vmstat | grep -c "^faults"', '6\n'),
    C('vmstat x', '', 2, 'usage'),
    C('pmap 1 | grep -c stack', '1\n'),
    C('pmap 9999', '', 1, 'no process'),
    C('sync; touch t2; ls t2 | grep -c "^t2 .* 0$"', '1\n'),
    C('touch', '', 2, 'usage'),
    C('poweroff x', '', 2, 'usage'),
    C('reboot x', '', 2, 'usage'),
    C('dbg', '', 2, 'usage: dbg'),
    C('hello | grep -c "hello from process"', '1\n'),
]

TABLES = {name.lower(): table for name, table in list(globals().items()) if isinstance(table, list)}

DRIVER = 'mkdir work\ncd work\n'
RUN_CASE = 'echo "@@case {0}"\nsh /c{0} 2> /err\necho "@@status $?"\ncat /err\n'


def run_cases(cases, directory):
    """The results of all cases, from one machine."""
    scripts = {'README': 'not a program\n',
               'driver': DRIVER + ''.join(RUN_CASE.format(i) for i in range(len(cases))) + 'echo @@case end\n'}
    scripts.update({f'c{i}': case.line + '\n' for i, case in enumerate(cases)})
    for name, text in scripts.items():
        (directory / name).write_text(text)
    programs = sorted((TOP / 'build' / 'user').glob('_*'))
    files = [p for p in programs if not p.suffix] + [directory / n for n in scripts]
    image = directory / 'fs.img'
    subprocess.run([TOP / 'build' / 'mkfs', image, *files], check=True, stdout=subprocess.DEVNULL)
    r = run('sh driver', FSIMG=str(image), TIMEOUT=300)
    text = r.out.decode('latin-1')
    assert r.status == 0 and text.endswith('@@case end\n'), (r.status, text[-2000:], r.err)
    results = re.findall(r'@@case \d+\n(.*?)@@status (\d+)\n(.*?)(?=@@case )', text, re.S)
    return [Result(out, int(status), err) for out, status, err in results]


@pytest.mark.parametrize('name', TABLES)
def test_table(name, tmp_path):
    cases = TABLES[name]
    wrong = []
    results = run_cases(cases, tmp_path)
    assert len(results) == len(cases)
    for case, r in zip(cases, results):
        errors_ok = re.search(case.err, r.err) if case.err else r.err == ''
        if (r.out, r.status) != (case.out, case.status) or not errors_ok:
            wrong.append(f'{case.line[:200]}\n    wanted {case[1:]}\n    got    {tuple(r)}')
    assert not wrong, '\n'.join(['', *wrong])

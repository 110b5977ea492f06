"""tools/run against a QEMU that is a script: what it makes of every way a run can go."""
import signal
import subprocess

import pytest
from support import TOP, alive, environment, fake_machine, fake_run, terminate, wait_until


def test_output_is_what_follows_the_mark(tmp_path):
    r = fake_run(tmp_path, "begin(); say('one\\ntwo'); sys.exit(7)")
    assert (r.status, r.out, r.err) == (7, b'one\ntwo', b''), r


def test_line_arrives_byte_for_byte(tmp_path):
    line = "echo 'a  b' \"$?\" %41 | wc && x=1; é\t#"
    r = fake_run(tmp_path, 'begin(); say(line)', line)
    assert r.out.decode() == line, r


def test_mark_may_come_in_pieces_and_with_carriage_returns(tmp_path):
    r = fake_run(tmp_path, "say('boot\\r\\n' + mark[:5]); time.sleep(.2); say(mark[5:] + '\\r\\nout')")
    assert (r.status, r.out) == (0, b'out'), r


def test_mark_inside_a_line_is_not_the_mark(tmp_path):
    r = fake_run(tmp_path, "say('mark=' + mark + '\\n' + mark + ' x\\n'); begin(); say('out')")
    assert r.out == b'out', r


def test_output_streams(tmp_path):
    seen = tmp_path / 'seen'  # the script waits for a file that we make once its first output is here
    variables = fake_machine(tmp_path, f"""begin(); say('early'); end = time.time() + 60
while not os.path.exists({str(seen)!r}) and time.time() < end:
    time.sleep(.01)
sys.exit(0 if time.time() < end else 9)""")
    p = subprocess.Popen([TOP / 'tools/run', 'x'], stdout=subprocess.PIPE, env=environment(**variables))
    assert p.stdout.read(5) == b'early'
    seen.write_bytes(b'')
    assert p.wait(90) == 0


@pytest.mark.parametrize('status', [0, 1, 99, 100, 255])
def test_status_passes_through(tmp_path, status):
    assert fake_run(tmp_path, f'begin(); sys.exit({status})').status == status


def test_panic_in_boot_is_100_with_the_boot_text(tmp_path):
    r = fake_run(tmp_path, "say('panic: no disk\\n'); sys.exit(100)")
    assert r.status == 100 and r.out == b'' and b'panic: no disk' in r.err, r


@pytest.mark.parametrize('body', ["say('firmware\\n'); sys.exit(0)", 'sys.exit(1)', "say('x'); os.abort()"])
def test_end_before_the_mark_is_no_boot(tmp_path, body):
    r = fake_run(tmp_path, body)
    assert r.status == 102 and r.out == b'' and r.err, r


def test_no_mark_is_no_boot(tmp_path):
    r = fake_run(tmp_path, "say('firmware\\n'); time.sleep(100)", BOOT_TIMEOUT=1)
    assert r.status == 102 and b'firmware' in r.err and b'no boot' in r.err and r.seconds < 20, r


def test_hang_is_101_and_keeps_the_output(tmp_path):
    r = fake_run(tmp_path, "begin(); say('so far'); time.sleep(100)", TIMEOUT=1)
    assert r.status == 101 and r.out == b'so far' and r.seconds < 20, r
    assert len(r.err.splitlines()) == 1 and b'TIMEOUT' in r.err, r


def test_endless_output_is_a_hang_too(tmp_path):
    r = fake_run(tmp_path, "begin()\nwhile True: say('y' * 1000)", TIMEOUT=1)
    assert r.status == 101 and r.seconds < 20, r.status


def test_missing_qemu_is_no_boot(tmp_path):
    r = fake_run(tmp_path, '', QEMU='no-such-qemu')
    assert r.status == 102 and b'make deps' in r.err, r


def test_missing_kernel_says_so(tmp_path):
    r = fake_run(tmp_path, '', KERNEL=tmp_path / 'nothing')
    assert r.status == 102 and b'missing' in r.err and b'make' in r.err, r


@pytest.mark.parametrize('name,value', [
    ('CPUS', '0'), ('CPUS', '9'), ('CPUS', 'two'), ('MEM', '15M'), ('MEM', '5G'), ('MEM', 'lots'), ('MEM', '16M,x'),
    ('SWAP', '-1'), ('SWAP', '1000'), ('POLICY', 'a b'), ('APPEND', 'a\nb'), ('ICOUNT', '2'), ('TIMEOUT', '0'),
    ('TIMEOUT', 'soon'), ('QEMU_EXTRA', "'"), ('APPEND', 'x' * 5000)])
def test_bad_variable_is_named(tmp_path, name, value):
    r = fake_run(tmp_path, 'begin()', **{name: value})
    assert r.status == 102 and r.out == b'' and b'Traceback' not in r.err and r.err.startswith(b'tools/run: '), r


def test_variables_reach_qemu(tmp_path):
    r = fake_run(tmp_path, "begin(); say('\\n'.join(argv))", CPUS=8, MEM='1G', SWAP='64M', POLICY='clock', ICOUNT=1,
                 APPEND='uframes=9 x=y', QEMU_EXTRA="-name 'a b'")
    argv = r.out.decode().split('\n')
    assert argv[argv.index('-smp') + 1] == '8' and argv[argv.index('-m') + 1] == '1024M'
    assert argv[argv.index('-icount') + 1].startswith('shift=0')
    assert argv[argv.index('-name') + 1] == 'a b'
    words = argv[argv.index('-append') + 1].split(' ')
    assert words[0] == 'policy=clock' and words[-2:] == ['uframes=9', 'x=y']
    drives = [a for a in argv if a.startswith('if=none')]
    assert 'snapshot=on' in drives[0] and len(drives) == 2
    assert [a for a in argv if a.startswith('virtio-blk-device')][1].endswith('serial=swap,bus=virtio-mmio-bus.1')


def test_swap_disk_has_its_size_and_no_name(tmp_path):
    body = "begin(); d = [a for a in argv if 'id=swap' in a][0]; fd = int(re.search('fd/(\\\\d+)', d)[1])\n" \
           'say(str(os.fstat(fd).st_size) + " " + str(os.fstat(fd).st_nlink))'
    r = fake_run(tmp_path, body, SWAP='64M')
    assert r.out == b'%d 0' % (64 << 20), r


def test_guest_gets_no_input_by_default(tmp_path):
    r = fake_run(tmp_path, "import select; begin(); say(str(select.select([0], [], [], .5)[0]))", stdin=b'secret')
    assert r.out == b'[]', r


def test_stdin_is_handed_over_with_an_end(tmp_path):
    r = fake_run(tmp_path, "begin(); s = b''\nwhile not s.endswith(b'\\4'): s += os.read(0, 9)\nsay(repr(s))",
                 stdin=b'a\nb\n', STDIN=1)
    assert r.out == b"b'a\\nb\\n\\x04'", r


@pytest.mark.parametrize('how', ['terminate', 'kill'])
def test_qemu_ends_with_us(tmp_path, how):
    pidfile = tmp_path / 'pid'
    variables = fake_machine(tmp_path, f"""with open({str(pidfile)!r}, 'w') as f:
    f.write(str(os.getpid()) + '\\n')
begin()
time.sleep(100)""")
    p = subprocess.Popen([TOP / 'tools/run', 'x'], env=environment(**variables))
    assert wait_until(lambda: pidfile.exists() and pidfile.read_text().endswith('\n'))
    pid = int(pidfile.read_text())
    if how == 'terminate':
        assert terminate(p) == 128 + signal.SIGTERM
    else:
        p.kill()
        p.wait()
    assert wait_until(lambda: not alive(pid))

"""Which disk becomes swap: ours and blank ones, and nothing that is somebody else's."""
import re
import struct

import pytest
from support import TOP, run

PAGE = 4096
PAGES = 64
BLANK = bytes(PAGES * PAGE)
WRAPPER = '''#!/usr/bin/env python3
import os, sys
os.execvp('qemu-system-riscv64', ['qemu-system-riscv64', *(a.replace({old!r}, {new!r}) for a in sys.argv[1:])])
'''


def boot(tmp_path, content, serial=',serial=swap', drive='', line='swapinfo', **variables):
    """A machine with one more disk. (result, lines about swap at boot, slots, the disk afterwards)"""
    image = tmp_path / 'disk'
    if content is not None:
        image.write_bytes(content)
    r = run(line, VERBOSE=1, QEMU_EXTRA=f'-drive if=none,id=extra,file={image},format=raw{drive} '
            f'-device virtio-blk-device,drive=extra{serial},bus=virtio-mmio-bus.1', **variables)
    assert r.status == 0, r
    slots = re.search(rb'^slots +(\d+)', r.out, re.M)
    return r, re.findall(rb'^swap: .*?(?=\r?$)', r.err, re.M), int(slots[1]), image.read_bytes()


def serial_of_root(tmp_path, word):
    """Variables for a machine whose root disk has another serial, or none."""
    wrapper = tmp_path / 'qemu'
    wrapper.write_text(WRAPPER.format(old=',serial=fs', new=word))
    wrapper.chmod(0o755)
    return {'QEMU': wrapper}


def check_ours(lines, slots, after):
    assert lines == [] and slots == PAGES - 1
    assert after[:24] == b'FLTSWAP1' + struct.pack('<IIQ', 1, PAGE, PAGES) and not any(after[24:PAGE])


def test_blank_disk_becomes_swap_and_stays_it(tmp_path):
    for content in (BLANK, None):
        _, lines, slots, after = boot(tmp_path, content)
        check_ours(lines, slots, after)


@pytest.mark.parametrize('at, first, why', [
    (0, b'somebody was here', b'it holds something else than swap'),
    (PAGE - 1, b'x', b'it holds something else than swap'),
    (0, b'FLTSWAP1' + struct.pack('<IIQ', 1, PAGE, PAGES + 1), b'it is smaller than its header says'),
    (0, b'FLTSWAP1' + struct.pack('<IIQ', 1, 2 * PAGE, PAGES), b'its header says another page size'),
], ids=['text', 'last byte', 'cut off', 'page size'])
@pytest.mark.parametrize('serial', [',serial=swap', ''])
def test_foreign_disk_is_left_alone(tmp_path, at, first, why, serial):
    content = BLANK[:at] + first + BLANK[at + len(first):]
    variables = {} if serial else serial_of_root(tmp_path, '')
    _, lines, slots, after = boot(tmp_path, content, serial, **variables)
    assert lines == [b'swap: vd1 is not used: ' + why] and slots == 0 and after == content


def test_file_system_is_no_swap(tmp_path):
    content = (TOP / 'build' / 'fs.img').read_bytes()
    r, lines, slots, after = boot(tmp_path, content, line='swapinfo; ls | grep README')
    assert lines == [b'swap: vd1 is not used: it holds a file system'] and slots == 0 and after == content
    assert b'README' in r.out


def test_root_disk_is_no_swap_even_if_it_says_so(tmp_path):
    r, lines, slots, after = boot(tmp_path, BLANK, ',serial=data', line='swapinfo; ls | grep README',
                                  **serial_of_root(tmp_path, ',serial=swap'))
    assert lines == [b'swap: vd0 is not used: it holds a file system'] and slots == 0 and after == BLANK
    assert b'README' in r.out


def test_second_disk_without_serials(tmp_path):
    _, lines, slots, after = boot(tmp_path, BLANK, '', **serial_of_root(tmp_path, ''))
    check_ours(lines, slots, after)


@pytest.mark.parametrize('serial', ['', ',serial=data'])
def test_blank_disk_for_something_else(tmp_path, serial):
    """The root disk has a serial, so the second one is what its serial says, or nothing."""
    _, lines, slots, after = boot(tmp_path, BLANK, serial)
    assert lines == [] and slots == 0 and after == BLANK


def test_readonly_disk(tmp_path):
    _, lines, slots, after = boot(tmp_path, BLANK, drive=',readonly=on')
    assert lines == [b'swap: vd1 is not used: its header cannot be written'] and slots == 0 and after == BLANK


def test_disk_too_large_for_the_memory():
    r = run('swapinfo; free', VERBOSE=1, MEM='16M', SWAP='4G')
    assert r.status == 0, r
    assert b'swap: vd1: only 131072 of 1048576 pages are used' in r.err, r
    assert re.search(rb'^slots +131071 ', r.out, re.M), r

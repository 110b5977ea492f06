"""Disks of every kind beside the file system's: what the kernel says of them at boot, and its self-tests on them."""
import re

import pytest
from support import run

SIZE = 128 * 512
SELFTEST = 'dbg selftest'


def extra(tmp_path, slot, device='', drive=''):
    """QEMU arguments of one more disk."""
    image = tmp_path / f'disk{slot}'
    image.write_bytes(bytes((i * 7 + i // 512 + slot) % 256 for i in range(SIZE)))
    return (f'-drive if=none,id=extra{slot},file={image},format=raw,rerror=report,werror=report{drive} '
            f'-device virtio-blk-device,drive=extra{slot},serial=extra{slot},bus=virtio-mmio-bus.{slot}{device} ')


def boot(arguments, line=SELFTEST, **variables):
    return run(line, QEMU_EXTRA=arguments, VERBOSE=1, **variables)


@pytest.mark.parametrize('cpus', [1, 8])
def test_kinds_of_disks(tmp_path, cpus):
    r = boot(extra(tmp_path, 1) + extra(tmp_path, 2, ',indirect_desc=off') + extra(tmp_path, 3, ',event_idx=off')
             + extra(tmp_path, 4, ',config-wce=off,write-cache=off') + extra(tmp_path, 5, ',queue-size=64')
             + extra(tmp_path, 6, drive=',readonly=on') + extra(tmp_path, 7, drive=',throttling.iops-total=500'),
             CPUS=cpus)
    assert r.status == 0, r
    for slot, remark in enumerate(['', '', '', ', no write cache', '', ', read-only', ''], 1):
        assert f'vd{slot}: 128 sectors, serial extra{slot}{remark}\n'.encode() in r.err, r
    assert b'not ok' not in r.out and len(re.findall(rb'ok \d+ - disk_', r.out)) >= 3, r


def test_other_devices_and_a_short_queue(tmp_path):
    """What the kernel cannot use is reported or left alone, and the disks after it still count."""
    r = boot('-device virtio-rng-device,bus=virtio-mmio-bus.1 ' + extra(tmp_path, 2, ',queue-size=32')
             + extra(tmp_path, 3))
    assert r.status == 0, r
    assert re.search(rb'disk at 0x\w+: .*: skipped\n', r.err), r
    assert b'vd1: 128 sectors, serial extra3\n' in r.err and b'vd2' not in r.err, r


def test_legacy_device(tmp_path):
    """The file system's disk is one, so nothing can start; the kernel says what to do."""
    r = boot(extra(tmp_path, 1) + '-global virtio-mmio.force-legacy=true')
    assert r.status in (100, 102), r
    assert b'-global virtio-mmio.force-legacy=false' in r.err, r


def test_error_of_the_disk(tmp_path):
    """One bad sector: the reads that touch it fail, and no others."""
    drive = (f'-drive if=none,id=bad,format=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename='
             f'{tmp_path}/bad,file.inject-error.0.event=none,file.inject-error.0.iotype=read,'
             f'file.inject-error.0.sector=1,file.inject-error.0.errno=5,rerror=report,werror=report '
             f'-device virtio-blk-device,drive=bad,bus=virtio-mmio-bus.1')
    (tmp_path / 'bad').write_bytes(bytes(SIZE))
    r = boot(drive)
    assert b'not so: every one of many requests at once works' in r.out, r
    assert re.search(rb'not ok \d+ - disk_many\n', r.out) and re.search(rb'\nok \d+ - disk_bounds\n', r.out), r

"""A swap disk that fails while the grader wants it to: QEMU's blkdebug, whose rules change with each request of the one
kind that no guest makes. We make them: they write zeros where the disk's header has zeros."""
import faultline

STATES = 16  # so many of these requests have their rules
# What fails from one of them on, by its number; nobody discards anything.
KINDS = ('write', 'discard', 'read', 'discard')
TELL = 'qemu-io swap "write -z 3584 512"'
EIO = 5


class Settings(faultline.Settings):
    """A machine with such a disk."""

    def _disk(self, name, slot, drive):
        if name != 'swap':
            return super()._disk(name, slot, drive)
        path = drive.split(',')[0].removeprefix('file=')
        options = {'driver': 'raw', 'cache': 'unsafe', 'file.driver': 'blkdebug', 'file.image.driver': 'file',
                   'file.image.filename': path}
        for i in range(STATES):
            rules = {'set-state': {'new_state': i + 2}, 'inject-error': {'errno': EIO, 'iotype': KINDS[i % len(KINDS)]}}
            for rule, words in rules.items():
                words = {'event': 'pwritev_zero', 'state': i + 1, **words}
                options |= {f'file.{rule}.{i}.{key}': value for key, value in words.items()}
        drive = ','.join(f'{key}={value}' for key, value in options.items())
        return ['-drive', f'if=none,id={name},rerror=report,werror=report,{drive}',
                '-device', f'virtio-blk-device,drive={name},serial={name},bus=virtio-mmio-bus.{slot}']


class Switch:
    """Lets the swap disk of a running machine fail, or not."""

    def __init__(self, monitor):
        self.monitor, self.told = monitor, 0

    def __call__(self, kind='discard'):
        """From now on requests of this kind fail: 'read' or 'write'; without one none."""
        while True:
            self.monitor.monitor(TELL)
            self.told += 1
            if KINDS[(self.told - 1) % len(KINDS)] == kind:
                return

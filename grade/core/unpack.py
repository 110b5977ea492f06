"""Finds the wanted files in a student's archive or folder.

    python3 unpack.py      in a folder with `archive` and `wanted.json`; writes `report.json` and files 0, 1, ..

Archives are hostile: nothing is extracted to a name that they choose, only wanted files are kept, everything is
counted, and core/submission.py runs this file in the sandbox. It imports nothing of ours. The report: {'found':
{path: number of the file}, 'ignored': [names], 'more': how many more, 'wrong': [what is wrong with wanted files]}, or
{'error': sentence}.
"""
import bz2
import gzip
import json
import lzma
import os
import stat
import sys
import tarfile
import zipfile

MOST = 256 << 10            # bytes: no source file of a student is longer
MOST_UNPACKED = 512 << 20   # bytes of a whole archive
MOST_ENTRIES = 20_000
MOST_NAMED = 12             # ignored files that are named
FULL, FLAT = 0, 1           # ranks: a whole path; a bare file name


class Bad(Exception):
    """The archive as a whole is refused: the message says why."""


def clean_line(text, most):
    """Without what a terminal acts on."""
    return ''.join(c if ' ' <= c <= '~' else ' ' if c == '\t' else '?' for c in text)[:most]


def clean(name):
    return clean_line(name, 100)


class Collector:
    """Is told of each entry, and keeps the wanted ones."""

    def __init__(self, wanted):
        self.wanted, self.by_name = set(wanted), {os.path.basename(p): p for p in wanted}
        self.candidates = {}   # path: [(rank, name, bytes)]
        self.ignored, self.entries, self.wrong = [], 0, []

    def place(self, name):
        """(path in the tree, rank) of an entry; None when it is not wanted."""
        parts = [p for p in name.replace('\\', '/').split('/') if p != '.']
        if '' in parts or '..' in parts or (parts and parts[0].endswith(':')):
            return None  # absolute, or leaves the folder
        for path in ('/'.join(parts), '/'.join(parts[1:])):  # one folder around everything is usual
            if path in self.wanted:
                return path, FULL
        if parts and len(parts) <= 2 and parts[-1] in self.by_name:
            return self.by_name[parts[-1]], FLAT
        return None

    def add(self, name, kind, read):
        """kind: 'file', or another word that says what it is. read(n) gives up to n bytes."""
        self.entries += 1
        if self.entries > MOST_ENTRIES:
            raise Bad(f'more than {MOST_ENTRIES} files')
        if kind == 'folder':
            return
        place = self.place(name)
        if not place or (kind != 'file' and place[1] == FLAT):
            self.ignored.append(clean(name) + ('' if kind == 'file' else f' ({kind})'))
        elif kind != 'file':
            self.wrong.append(f'{clean(name)} is {kind}')
        else:
            data = read(MOST + 1)
            if len(data) > MOST:
                self.wrong.append(f'{clean(name)} is longer than {MOST >> 10} KiB')
            else:
                self.candidates.setdefault(place[0], []).append((place[1], clean(name), data))

    def result(self):
        """({path: bytes}, ignored names, what is wrong)."""
        files, wrong = {}, list(self.wrong)
        for path, found in sorted(self.candidates.items()):
            best = min(rank for rank, _, _ in found)
            chosen = [(name, data) for rank, name, data in found if rank == best]
            self.ignored += [name for rank, name, _ in found if rank != best]
            if len(chosen) > 1:
                wrong.append(f'{path} is there {len(chosen)} times: {", ".join(name for name, _ in chosen[:4])}')
            files[path] = chosen[0][1]
        return files, self.ignored, wrong


# ---- the sources

class Counted:
    """A file that ends the work when too much has been read from it."""

    def __init__(self, file):
        self.file, self.left = file, MOST_UNPACKED

    def read(self, n=-1):
        data = self.file.read(min(n, 1 << 20) if n >= 0 else 1 << 20)
        self.left -= len(data)
        if self.left < 0:
            raise Bad(f'it unpacks to more than {MOST_UNPACKED >> 20} MiB')
        return data


def tar_kind(member):
    if member.isreg():
        return 'file'
    if member.isdir():
        return 'folder'
    return 'a link' if member.issym() or member.islnk() else 'a device'


def read_tar(file, collector):
    with tarfile.open(fileobj=Counted(file), mode='r|', encoding='utf-8', errors='surrogateescape') as tar:
        for member in tar:
            tar.members = []  # or it keeps them all
            collector.add(member.name, tar_kind(member), lambda n, m=member: tar.extractfile(m).read(n))


def zip_kind(info):
    if info.is_dir():
        return 'folder'
    mode = info.external_attr >> 16
    if info.create_system == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return 'a link' if stat.S_ISLNK(mode) else 'a device'
    return 'file'


def read_zip(file, collector):
    def read(info, n):
        if info.flag_bits & 1:
            raise Bad(f'{clean(info.filename)} is encrypted')
        with packed.open(info) as entry:
            return entry.read(n)
    with zipfile.ZipFile(file) as packed:
        for info in packed.infolist():
            collector.add(info.filename, zip_kind(info), lambda n, i=info: read(i, n))


def read_archive(path, collector):
    with open(path, 'rb') as file:
        begin = file.read(512)
        file.seek(0)
        if begin[:4] in (b'PK\3\4', b'PK\5\6'):
            read_zip(file, collector)
        elif begin[:2] == b'\x1f\x8b':
            read_tar(gzip.GzipFile(fileobj=file), collector)
        elif begin[:3] == b'BZh':
            read_tar(bz2.BZ2File(file), collector)
        elif begin[:6] == b'\xfd7zXZ\0':
            read_tar(lzma.LZMAFile(file), collector)
        elif begin[257:262] == b'ustar':
            read_tar(file, collector)
        else:
            raise Bad('it is no .tar, .tar.gz, .tar.bz2, .tar.xz or .zip')


def read_file(path, most):
    """Up to `most` bytes of a regular file; what its name is linked to is not followed."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), 'rb') as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Bad(f'{clean(os.path.basename(path))} is not a file')
        return file.read(most)


def read_folder(top, collector):
    """Looks only where wanted files can lie."""
    ways = {''} | {'/'.join(p.split('/')[:i]) for p in collector.wanted for i in range(p.count('/') + 1)}
    for folder, folders, names in os.walk(top):
        here = os.path.relpath(folder, top)
        parts = [] if here == '.' else here.split('/')
        for name in sorted(names + [f for f in folders if os.path.islink(os.path.join(folder, f))]):
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            kind = 'file' if stat.S_ISREG(mode) else 'a link' if stat.S_ISLNK(mode) else 'a device'
            collector.add('/'.join([*parts, name]), kind, lambda n, p=path: read_file(p, n))
        inside = [(f, '/'.join([*parts, f])) for f in sorted(folders)]
        folders[:] = [f for f, path in inside if path in ways or path.partition('/')[2] in ways]
        collector.ignored += [clean(path) + '/' for f, path in inside if f not in folders]


def report(collector, write):
    """What main() writes; the wanted files go to write(number, bytes)."""
    files, ignored, wrong = collector.result()
    for i, data in enumerate(files.values()):
        write(i, data)
    return {'found': {path: i for i, path in enumerate(files)}, 'ignored': ignored[:MOST_NAMED],
            'more': max(0, len(ignored) - MOST_NAMED), 'wrong': wrong}


def main():
    with open('wanted.json', encoding='utf-8') as f:
        collector = Collector(json.load(f))

    def write(i, data):
        with open(str(i), 'wb') as f:
            f.write(data)
    try:
        read_archive('archive', collector)
        answer = report(collector, write)
    except Bad as e:
        answer = {'error': str(e)}
    except OSError as e:
        if e.errno:
            raise  # the host's, such as a full disk; those of the readers have no number
        answer = {'error': f'it cannot be unpacked ({clean(str(e))})'}
    except Exception as e:  # the readers of the library raise whatever a broken archive makes them
        answer = {'error': f'it cannot be unpacked ({type(e).__name__}: {clean(str(e))})'}
    with open('report.json', 'w', encoding='ascii') as f:
        json.dump(answer, f)


if __name__ == '__main__':
    sys.exit(main())

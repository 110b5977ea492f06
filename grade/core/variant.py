"""Other versions of the student files, on which the grader is tried: wrong ones (grade/mutants/), right ones of another
design (grade/right/) and cheats (grade/cheats/).

Each of the three folders holds a file NAME.py for each lab, with a list VARIANTS. A variant replaces texts of files of
the reference, or brings whole files: those of the folder `files`, at the same paths as in the tree.
"""
import dataclasses
import importlib.util
import pathlib
import re

from core.guest import TOP
from core.table import LABS

KINDS = ('mutants', 'right', 'cheats')


@dataclasses.dataclass(frozen=True)
class Variant:
    name: str            # LAB-WORDS
    about: str           # what is wrong, or different, or pretended: one line
    tests: tuple = ()    # a mutant loses points in each of these; a cheat gets none in any of these
    changes: tuple = ()  # ((file, old text, new text), ..): the old text stands once in the file, however lines break
    files: str = ''      # a folder beside the list

    @property
    def lab(self):
        return self.name.split('-')[0]

    def apply(self, kind, tree):
        """Changes `tree`, a reference tree; returns the paths it wrote."""
        tree, written = pathlib.Path(tree), []
        if self.files:
            base = TOP / 'grade' / kind / self.files
            for source in sorted(p for p in base.rglob('*') if p.is_file()):
                path = source.relative_to(base)
                (tree / path).write_bytes(source.read_bytes())
                written.append(str(path))
        for file, old, new in self.changes:
            text = (tree / file).read_text()
            places = list(re.finditer(r'\s+'.join(map(re.escape, old.split())), text))
            if len(places) != 1:
                raise ValueError(f'{self.name}: the text stands {len(places)} times in {file}: {old}')
            (tree / file).write_text(text[:places[0].start()] + new + text[places[0].end():])
            written.append(file)
        return written


def load(kind, labs=LABS):
    """All variants of a kind."""
    found = []
    for lab in labs:
        path = TOP / 'grade' / kind / f'{lab}.py'
        if path.exists():
            spec = importlib.util.spec_from_file_location(f'{kind}_{lab}', path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            found += module.VARIANTS
    return found

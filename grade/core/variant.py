"""Other versions of the student files, on which the grader is tried: wrong ones (grade/mutants/), right ones of another
design (grade/right/) and cheats (grade/cheats/).

Each of the three folders holds a file NAME.py for each lab, with a list VARIANTS. A variant replaces texts of files of
the reference; or functions, by those of a file beside the list; or it brings whole files: those of the folder `files`,
at the same paths as in the tree.
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
    functions: tuple = ()  # (file, fragment, name ..): these go, and all of `fragment` stands in the place of the last
    files: str = ''      # a folder beside the list

    @property
    def lab(self):
        return self.name.split('-')[0]

    def apply(self, kind, tree):
        """Changes `tree`, a reference tree; returns the paths it wrote."""
        tree, folder, written = pathlib.Path(tree), TOP / 'grade' / kind, []
        if self.files:
            base = folder / self.files
            for source in sorted(p for p in base.rglob('*') if p.is_file()):
                path = source.relative_to(base)
                (tree / path).write_bytes(source.read_bytes())
                written.append(str(path))
        if self.functions:
            file, fragment, *names = self.functions
            for name in names:
                new = (folder / fragment).read_text() if name == names[-1] else ''
                self._replace(tree / file, function(name), new, f'{name}()')
            written.append(file)
        for file, old, new in self.changes:
            self._replace(tree / file, re.compile(r'\s+'.join(map(re.escape, old.split()))), new, f'the text {old}')
            written.append(file)
        return written

    def _replace(self, path, pattern, new, what):
        """Puts `new` in the one place in the file that matches."""
        text = path.read_text()
        places = list(pattern.finditer(text))
        if len(places) != 1:
            raise ValueError(f'{self.name}: {path.name} has {what} {len(places)} times, not once')
        path.write_text(text[:places[0].start()] + new + text[places[0].end():])


def function(name):
    """The pattern of a C function, or of a struct, `struct name`: the comment above it, and from the first column to
    the brace in the first column that ends it."""
    head = rf'{name} \{{' if name.startswith('struct ') else rf'\w[^\n;{{}}]*\b{name}\([^;{{}}]*\)\n\{{'
    return re.compile(rf'(?://.*\n)*^{head}\n(?:.*\n)*?\}};?\n', re.MULTILINE)


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

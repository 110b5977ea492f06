"""Sv39 page tables, read from outside the machine (privileged spec 4.3, 4.4). For the debugger and the inspection
tests. Nothing that the guest wrote is trusted: every table address is checked by the reader, and what no correct
kernel builds is reported as Broken rather than followed.

A reader is a function read_table(pa) -> 512 entries; it raises Broken for an address that is not memory.
"""
import struct

PAGE = 4096
LEVELS = 3
ENTRIES = 512
SATP_SV39 = 8
PPN_MASK = (1 << 44) - 1
V, R, W, X, U, G, A, D = (1 << i for i in range(8))
NAMES = 'vrwxugad'
UPPER_HALF = 0xffffffc000000000
LOWER_END = 1 << 38


class Broken(Exception):
    """The tables hold what no correct kernel builds."""


def root_of(satp):
    """Physical address of the root table; None when translation is off."""
    mode = satp >> 60
    if mode == 0:
        return None
    if mode != SATP_SV39:
        raise Broken(f'satp {satp:#x}: mode {mode} is not Sv39')
    return (satp & PPN_MASK) * PAGE


def target(pte):
    return (pte >> 10 & PPN_MASK) * PAGE


def span(level):
    """Bytes that an entry of that level covers; level 0 is the last."""
    return PAGE << (9 * level)


def index(va, level):
    return va >> (12 + 9 * level) & (ENTRIES - 1)


def sign_extend(va):
    return va | ~(LOWER_END * 2 - 1) & ((1 << 64) - 1) if va & LOWER_END else va


def canonical(va):
    return 0 <= va < LOWER_END or UPPER_HALF <= va < 1 << 64


def flags(pte):
    return ''.join(n if pte >> i & 1 else '-' for i, n in enumerate(NAMES))


def is_leaf(pte):
    return bool(pte & (R | W | X))


def memory_reader(memory, base):
    """Reader of tables in `memory` (bytes-like), which holds physical memory from `base` on."""
    def read_table(pa):
        off = pa - base
        if pa % PAGE or not 0 <= off <= len(memory) - PAGE:
            raise Broken(f'a table at {pa:#x}, outside memory')
        return struct.unpack_from(f'<{ENTRIES}Q', memory, off)
    return read_table


def walk(read_table, root, va):
    """[(level, pte)] from the root down to the leaf, or to the entry that ends the walk."""
    path = []
    table = root
    for level in reversed(range(LEVELS)):
        pte = read_table(table)[index(va, level)]
        path.append((level, pte))
        if not pte & V or is_leaf(pte):
            break
        table = target(pte)
    return path


def translate(read_table, root, va):
    """(physical address, pte) or None."""
    level, pte = walk(read_table, root, va)[-1]
    if not pte & V or not is_leaf(pte):
        return None
    return target(pte) & ~(span(level) - 1) | va & (span(level) - 1), pte


def check_entry(pte, level, va):
    if pte >> 54:
        raise Broken(f'{va:#x}: reserved bits are set in {pte:#x}')
    if is_leaf(pte):
        if pte & W and not pte & R:
            raise Broken(f'{va:#x}: writable but not readable: {pte:#x}')
        if target(pte) & (span(level) - 1):
            raise Broken(f'{va:#x}: misaligned superpage: {pte:#x}')
    elif level == 0:
        raise Broken(f'{va:#x}: a pointer to a table in a last-level table: {pte:#x}')
    elif pte & (U | A | D):
        raise Broken(f'{va:#x}: U, A or D in a pointer to a table: {pte:#x}')


def leaves(read_table, root, lower=True, upper=True):
    """Every valid leaf as (va, size, pte), in the order of the table: lower half first."""
    first, last = (0 if lower else ENTRIES // 2), (ENTRIES if upper else ENTRIES // 2)
    yield from _leaves(read_table, root, LEVELS - 1, 0, range(first, last))


def _leaves(read_table, table, level, base, indices):
    for i, pte in enumerate(read_table(table)):
        if i not in indices or not pte & V:
            continue
        va = base + i * span(level)
        if level == LEVELS - 1:
            va = sign_extend(va)
        check_entry(pte, level, va)
        if is_leaf(pte):
            yield va, span(level), pte
        else:
            yield from _leaves(read_table, target(pte), level - 1, va, range(ENTRIES))

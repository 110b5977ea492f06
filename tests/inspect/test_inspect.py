"""Issue "Boot", must show 5: secrets in RAM and on the disk never reach a program; page 0 is unmapped; nothing is both
writable and executable; SUM is clear outside the copy routines. All seen from the host."""
import os

import pytest
import sv39
from machine import DISK_SECRET, FIRMWARE_END, RAM_BASE, RAM_SECRET, Machine, kernel_symbols, secret_words

LOAD = 'copyload {seconds} 3 & leakcheck {secrets}; cat sh | grep x | wc; leakcheck {secrets}; wait; echo done'
LEAST_SAMPLES = 100
SECONDS = int(os.environ.get('INSPECT_SECONDS', '8'))  # of guest time under load


def root_pages(harts, symbols):
    """Root tables in use now, once each; but for the one that carries a hart from its first instruction to the kernel's
    own tables (boot/entry.S)."""
    roots = {sv39.root_of(h.satp) for h in harts if h.satp}
    return roots - {None, symbols['boot_root'] - symbols['DIRECT_BASE']}


def wrong_leaves(machine, root, symbols):
    """What a correct kernel never maps, in one root table: a list of sentences."""
    text = symbols['kernel_start'], symbols['text_end']
    rodata = symbols['text_end'], symbols['rodata_end']
    for va, size, pte in sv39.leaves(machine.read_table, root):
        where = f'{va:#x}+{size:#x} {sv39.flags(pte)}'
        if pte & sv39.W and pte & sv39.X:
            yield f'writable and executable: {where}'
        if va < sv39.PAGE:
            yield f'page 0 is mapped: {where}'
        if va >= sv39.UPPER_HALF and pte & sv39.U:
            yield f'the program can reach kernel addresses: {where}'
        if va < sv39.LOWER_END and not pte & sv39.U:
            yield f'a kernel page in the lower half: {where}'
        if va >= sv39.UPPER_HALF:
            if pte & sv39.X and not (text[0] <= va and va + size <= text[1]):
                yield f'executable, but not kernel text: {where}'
            if pte & sv39.W and va < rodata[1] and va + size > text[0]:
                yield f'kernel text or constants are writable: {where}'
            if pte & sv39.W and aliases(pte, size, text[0], rodata[1]):
                yield f'a writable alias of kernel text: {where}'
        if sv39.target(pte) < FIRMWARE_END and sv39.target(pte) + size > RAM_BASE and pte & sv39.U:
            yield f'the firmware is mapped for a program: {where}'


def aliases(pte, size, start, end):
    """Whether a leaf maps physical memory of the kernel image [start, end)."""
    pa = sv39.target(pte)
    first, last = start - sv39.UPPER_HALF, end - sv39.UPPER_HALF
    return pa < last and pa + size > first


def leaked_pages(machine, root):
    for va, size, pte in sv39.leaves(machine.read_table, root, upper=False):
        data = machine.page(sv39.target(pte), size)
        if data is None:
            yield f'{va:#x}: mapped to {sv39.target(pte):#x}, which is not memory'
        elif RAM_SECRET in data or DISK_SECRET in data:
            yield f'{va:#x}: a secret is in a page of a program'


def sum_may_be_set(hart, symbols):
    """In the copy routines; and in the vector, where a trap out of them is saved or returned from: hardware leaves SUM
    as it was at the moment of the trap."""
    def in_copy_routines(pc):
        return symbols['copy_routines_start'] <= pc < symbols['copy_routines_end']

    if symbols['trap_vector'] <= hart.pc < symbols['trap_return']:
        return in_copy_routines(hart.sepc)
    return in_copy_routines(hart.pc) or symbols['trap_return'] <= hart.pc < symbols['trap_return_user']


def check_sample(machine, harts, symbols, seen):
    for hart in harts:
        if hart.sum and hart.in_kernel():
            seen['sum set'] += 1
            assert sum_may_be_set(hart, symbols), f'hart {hart.index}: SUM is set at {hart.pc:#x}'
        seen['kernel'] += hart.in_kernel()
        seen['user'] += hart.in_user()
    for root in root_pages(harts, symbols):
        assert not (found := list(wrong_leaves(machine, root, symbols))), found
        assert not (found := list(leaked_pages(machine, root))), found
        seen['roots'].add(root)


@pytest.mark.parametrize('cpus', [1, 3])
def test_running_machine(cpus):
    symbols = kernel_symbols()
    seen = {'kernel': 0, 'user': 0, 'sum set': 0, 'roots': set(), 'samples': 0}
    with Machine(LOAD.format(secrets=secret_words(), seconds=SECONDS), cpus=cpus) as machine:
        for harts in machine.samples():
            check_sample(machine, harts, symbols, seen)
            seen['samples'] += 1
    print(seen)
    assert machine.error is None and machine.output.endswith(b'done\n'), (machine.error, machine.output)
    assert b'leakcheck: ' in machine.output and b' 0 leaks' in machine.output, machine.output
    assert seen['samples'] >= LEAST_SAMPLES and len(seen['roots']) > 2, seen
    assert seen['kernel'] and seen['user'] and seen['sum set'], seen


def test_secret_filled_machine_shows_nothing():
    with Machine(f'leakcheck {secret_words()}', cpus=2) as machine:
        machine.thread.join()
        assert RAM_SECRET in machine.ram[len(machine.ram) // 2:], 'RAM was not filled: the test proves nothing'
    assert (machine.status, machine.error) == (0, None), machine.output


def test_leakcheck_finds_a_leak():
    """It does look: a value that its memory must hold (zeros) counts as found."""
    with Machine('leakcheck 0') as machine:
        machine.thread.join()
    assert machine.status == 1 and b'leak at' in machine.output, machine.output

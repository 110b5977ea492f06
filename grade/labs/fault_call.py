"""Calling functions of the kernel from outside. What no program can ask for in full (splitting an area, a wild pointer
in the kernel) is asked of the functions that kernel/vm/vma.h, kernel/trap/extable.h and their like promise.

    with Kernel(run) as kernel:            # the program is at a stop
        area = kernel.call('vma_find', areas, 0x5000)

At a stop the program is in user mode and its kernel stack is empty. The calls borrow hart and stack: supervisor mode,
interrupts off, tp and sscratch as kernel code has them. A call returns to an address that nobody else comes to.
"""
import struct

from core.guest import RAM_BASE
from core.pattern import MASK
from core.verdict import Fail
from qmp import Gone

RA, SP, TP, A0, PC = 1, 2, 4, 10, 32  # x1 .. and, behind x31, pc
STATUS = ('sstatus', 'sscratch', 'sepc', 'scause', 'stval')
SSTATUS_SIE, SSTATUS_SPP, SSTATUS_SUM = 1 << 1, 1 << 8, 1 << 18
USER, SUPERVISOR = 0, 1
BACK = 'trap_stack_overflow'  # a correct kernel never gets there
CPU_KSP = 0                   # kernel/lib/cpu.h
KEPT = 512                    # bytes at the top of the stack, where a trap keeps the program's registers


class Kernel:
    def __init__(self, run):
        self.run, self.stub, self.guest = run, run.stub, run.guest
        self.back = run.guest.symbols[BACK]
        self.hart = run.guest.symbols['cpus']

    def __enter__(self):
        self.stub.select(self.run.current.thread)
        self.saved = {name: self.stub.read(name) for name in STATUS}
        status = self.saved['sstatus'] & ~(SSTATUS_SIE | SSTATUS_SUM) | SSTATUS_SPP
        self._write(sscratch=0, sstatus=status, priv=SUPERVISOR)
        self.stub.set_breakpoint(self.back)
        self.stack = self.guest.word(self.hart + CPU_KSP) - KEPT
        return self

    def __exit__(self, *exc):
        if self.run.ended is None and not exc[0]:
            self.stub.clear_breakpoint(self.back)
            self._general(self.run.current.registers)
            self._write(**self.saved, priv=USER)

    def _write(self, **registers):
        for name, value in registers.items():
            self.stub.write(name, value)

    def _general(self, registers):
        self.stub.ask('G' + struct.pack('<33Q', *registers).hex())

    def _stopped(self):
        """The thread that stopped; None when the machine has ended."""
        try:
            return self.stub.stopped(0.3) or self.run._wait()
        except Gone:
            return self.run._wait()

    def poke(self, pa, value):
        """Writes a word of the machine's memory."""
        at = pa - RAM_BASE
        self.run.memory[at:at + 8] = struct.pack('<Q', value)

    def call(self, name, *args):
        """What the function returns; None when the machine ended instead (a panic, say): run.ended is set then."""
        registers = [0] * 33
        registers[RA], registers[SP], registers[TP] = self.back, self.stack, self.hart
        registers[PC] = self.guest.symbols[name]
        registers[A0:A0 + len(args)] = [value & MASK for value in args]
        self._general(registers)
        self.stub.go()
        if self._stopped() is None:
            return None
        registers = self.stub.general()
        if registers[PC] != self.back:
            raise Fail(f'{name}() returns', f'the kernel came to {self.guest.symbol(registers[PC])}')
        return registers[A0]

    def number(self, name, *args):
        """The same for a function that returns an int; that it returns at all is asked of it."""
        value = self.call(name, *args)
        if value is None:
            raise Fail(f'{name}() returns', self.run.why_ended())
        return (value & 0xffffffff ^ 1 << 31) - (1 << 31)

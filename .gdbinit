# Read by `make gdb` (tools/gdb/attach): symbols, commands, and the machine that `make qemu-gdb` started.
# Commands: ps, vmas PID, pt VA [PID], frames, usersym NAME; `help faultline` has them all.
set confirm off
set pagination off
set print pretty on
set architecture riscv:rv64
set disassemble-next-line auto
file kernel/kernel.elf
source tools/gdb/faultline.py
faultline attach

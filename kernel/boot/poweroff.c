// Ending the machine: QEMU's test device gives an exit status, SBI's system reset (SRST extension) does
// without.
//
// Both end a panic too, so nothing here sleeps or allocates, and uart_flush ignores its lock then: other
// harts may have stopped with any lock held. What the console still holds is put out first, by polling. What
// the disk should still get is the caller's business (sys_shutdown calls fs_sync). Neither function returns,
// even when the firmware refuses.
//
// Next: lib/panic.c and proc/sysproc.c, the callers; boot/sbi.c.
#include "kernel/boot/poweroff.h"
#include "kernel/boot/machine.h"
#include "kernel/boot/sbi.h"
#include "kernel/dev/uart.h"
#include "kernel/riscv.h"
#include "kernel/vm/frame.h"

#define FINISHER_PASS  0x5555
#define FINISHER_FAIL  0x3333 // with the status in the upper half
#define RESET_SHUTDOWN 0
#define RESET_COLD     1

static void reset(int type) __attribute__((noreturn));
static void reset(int type)
{
    sbi_system_reset(type, 0);
    intr_off();
    for (;;)
        asm volatile("wfi");
}

void machine_off(int status)
{
    uart_flush();
    if (machine.finisher.size)
        *(volatile uint *)pa2kva(machine.finisher.base) =
            status ? (uint)status << 16 | FINISHER_FAIL : FINISHER_PASS;
    reset(RESET_SHUTDOWN);
}

void machine_reboot(void)
{
    uart_flush();
    reset(RESET_COLD);
}

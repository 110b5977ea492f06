// Supervisor Binary Interface 0.3 and up: what the kernel asks of the firmware. Errors as SBI gives them,
// negative.
#ifndef KERNEL_BOOT_SBI_H
#define KERNEL_BOOT_SBI_H
#include "kernel/types.h"

struct sbiret {
    int64 error;
    int64 value;
};

int64 sbi_probe(uint64 extension);                                   // base: 0 = absent
void sbi_set_timer(uint64 when);                                     // TIME: absolute, in `time` ticks
int64 sbi_send_ipi(uint64 hart_mask, uint64 mask_base);              // IPI: supervisor software interrupt
int64 sbi_hart_start(uint64 hartid, uint64 start_pa, uint64 opaque); // HSM
int64 sbi_remote_fence_i(uint64 hart_mask, uint64 mask_base);        // RFENCE
int64 sbi_remote_sfence_vma(uint64 hart_mask, uint64 mask_base, uint64 start, uint64 size); // RFENCE
int64 sbi_system_reset(uint64 type, uint64 reason); // SRST: 0 shutdown, 1 cold reboot
void sbi_console_putchar(int c);                    // legacy: before the UART is known

#endif

// Ending the machine.
#ifndef KERNEL_BOOT_POWEROFF_H
#define KERNEL_BOOT_POWEROFF_H

// Switches off. QEMU's exit status is `status` (0 to 255), through the test device; the firmware's reset
// call, which has no status, is used where there is none. Console output reaches the line first. Nothing is
// synced.
void machine_off(int status) __attribute__((noreturn));
void machine_reboot(void) __attribute__((noreturn));

#endif

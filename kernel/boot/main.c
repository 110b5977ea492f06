// The boot order, all of it. The boot hart comes from boot/entry.S with only boot_root's rough mapping and no
// memory; the others are started through the firmware once everything that they share is ready. docs/boot.md
// tells the story.
#include "kernel/boot/dt.h"
#include "kernel/boot/machine.h"
#include "kernel/boot/poweroff.h"
#include "kernel/boot/sbi.h"
#include "kernel/dev/dev.h"
#include "kernel/fs/file.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/mapfile.h"
#include "kernel/lib/allocfail.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/lockstat.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/selftest.h"
#include "kernel/lib/string.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/swap/managed.h"
#include "kernel/trap/trap.h"
#include "kernel/vm/as.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmap.h"
#include "kernel/vm/kstack.h"
#include "kernel/vm/tlb.h"

#define ONLINE_WAIT_S 5 // a hart that has not come up by then is given up

extern char kernel_start[], kernel_end[];
void entry_secondary(void);

static void early_putc(const char *s, uint64 n, bool sync)
{
    (void)sync; // the firmware always waits
    for (uint64 i = 0; i < n; i++)
        sbi_console_putchar(s[i]);
}

static void read_machine(uint64 hartid, uint64 dtb_pa)
{
    int error = dt_parse(pa2kva(dtb_pa), DT_MAXSIZE, hartid, &machine);
    if (error)
        panic("the firmware's device tree is unusable (error %d)", -error);
    ncpu = machine.nharts;
    for (int i = 0; i < ncpu; i++) {
        cpus[i].index = i;
        cpus[i].hartid = machine.hartid[i];
    }
}

static void memory_init(void)
{
    struct range used[MACHINE_MAXRESERVED + 1];
    memcpy(used, machine.reserved, sizeof(machine.reserved));
    allocfail_init();
    used[machine.nreserved] = (struct range){.base = kva2pa(kernel_start), .size = kernel_end - kernel_start};
    frame_init(machine.ram, used, machine.nreserved + 1);
    kmap_init(&machine);
    for (int i = 0; i < ncpu; i++) {
        uint64 stack = kstack_alloc(), emergency = kstack_alloc();
        if (!stack || !emergency)
            panic("no memory for the stacks of hart %d", i);
        cpus[i].ksp = stack + KSTACK_BYTES;
        cpus[i].emergency = emergency + KSTACK_BYTES;
    }
}

// Interrupts are on meanwhile, so that the timer goes on ticking: under QEMU's -icount one hart runs at a
// time, until the next timer is due, and a wait without a timer would be for ever.
static void start_harts(void)
{
    cpus[0].online = true;
    intr_on();
    for (int i = 1; i < ncpu; i++) {
        int64 error = sbi_hart_start(cpus[i].hartid, kva2pa(entry_secondary), kva2pa(&cpus[i]));
        uint64 start = r_time();
        while (!error && !cpus[i].online && r_time() - start < ONLINE_WAIT_S * machine.timebase)
            ;
        if (!cpus[i].online)
            printf("hart %lu does not start (SBI error %ld)\n", cpus[i].hartid, error);
    }
    intr_off();
}

// The first process: mounts the root file system, then becomes /init.
static void first_process(void)
{
    char program[MAXPATH];
    char buf[8];
    mapfile_init();
    fs_init();
    swap_init();
    if (bootarg_get("selftest", buf, sizeof(buf)) >= 0)
        selftest_run();
    if (bootarg_get("init", program, sizeof(program)) <= 0)
        safestrcpy(program, "/init", sizeof(program));
    char *argv[] = {program, 0};
    int error;
    my_proc()->cwd = path_lookup("/", &error);
    if (my_proc()->cwd)
        error = proc_exec(program, argv, 1);
    if (error < 0)
        panic("cannot run %s (error %d)", program, -error);
}

void kmain(uint64 hartid, uint64 dtb_pa)
{
    printf_sink = early_putc;
    panic_hooks.end = machine_off; // a panic ends the machine from here on
    uint64 entered = r_time();
    read_machine(hartid, dtb_pa);
    machine.entered = entered;
    lockstat_init();
    memory_init();
    tlb_check_init();
    sched_init();
    trap_init();
    plic_init();
    uart_init();
    console_init();
    struct frame_stats st;
    frame_get_stats(&st);
    printf("Faultline: %d harts, %lu MiB RAM, %lu frames (%lu for user pages)\n", ncpu,
           machine.ram.size >> 20, st.total, st.user_limit);
    bootarg_report_unknown();
    virtio_init();
    init_proc = kthread_create("init", first_process);
    trap_init_hart();
    start_harts();
    scheduler();
}

void kmain_secondary(void)
{
    trap_init_hart();
    my_cpu()->online = true;
    scheduler();
}

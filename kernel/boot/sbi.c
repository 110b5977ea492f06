// Calls of the supervisor execution environment (OpenSBI), one ecall each.
//
// SBI specification, chapter "Binary Encoding": extension in a7, function in a6, arguments in a0 to a5; a0
// returns the error, a1 the value, all other registers are preserved. The legacy extensions return in a0
// alone. Extension numbers are ASCII: 0x54494D45 reads TIME.
#include "kernel/boot/sbi.h"

// Base extension (spec chapter 4)
#define EXT_BASE       0x10
#define BASE_PROBE_EXT 3

// Legacy console (5.2)
#define EXT_LEGACY_PUTCHAR 1

// Timer (6), inter-processor interrupts (7), remote fences (8)
#define EXT_TIME          0x54494D45
#define TIME_SET_TIMER    0
#define EXT_IPI           0x735049
#define IPI_SEND          0
#define EXT_RFENCE        0x52464E43
#define RFENCE_FENCE_I    0
#define RFENCE_SFENCE_VMA 1

// Hart state management (9), system reset (10)
#define EXT_HSM        0x48534D
#define HSM_HART_START 0
#define EXT_SRST       0x53525354
#define SRST_RESET     0

static struct sbiret sbi_call(uint64 ext, uint64 func, const uint64 arg[4])
{
    register uint64 a0 asm("a0") = arg[0];
    register uint64 a1 asm("a1") = arg[1];
    register uint64 a2 asm("a2") = arg[2];
    register uint64 a3 asm("a3") = arg[3];
    register uint64 a6 asm("a6") = func;
    register uint64 a7 asm("a7") = ext;

    asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
    return (struct sbiret){(int64)a0, (int64)a1};
}

#define SBI_CALL(ext, func, ...) sbi_call(ext, func, (const uint64[4]){__VA_ARGS__})

int64 sbi_probe(uint64 extension)
{
    struct sbiret r = SBI_CALL(EXT_BASE, BASE_PROBE_EXT, extension);
    return r.error ? 0 : r.value;
}

void sbi_set_timer(uint64 when)
{
    SBI_CALL(EXT_TIME, TIME_SET_TIMER, when);
}

// hart_mask bit i stands for hart mask_base + i; a mask_base of -1 for all harts.
int64 sbi_send_ipi(uint64 hart_mask, uint64 mask_base)
{
    return SBI_CALL(EXT_IPI, IPI_SEND, hart_mask, mask_base).error;
}

// The hart starts at start_pa in S-mode, translation off, with a0 = hartid and a1 = opaque (spec, table "HSM
// Hart Start Register State").
int64 sbi_hart_start(uint64 hartid, uint64 start_pa, uint64 opaque)
{
    return SBI_CALL(EXT_HSM, HSM_HART_START, hartid, start_pa, opaque).error;
}

// Returns when the fence has been executed on every hart of the mask.
int64 sbi_remote_fence_i(uint64 hart_mask, uint64 mask_base)
{
    return SBI_CALL(EXT_RFENCE, RFENCE_FENCE_I, hart_mask, mask_base).error;
}

// The same for sfence.vma of [start, start + size); start 0 and size 0, or a size of -1, stand for
// everything.
int64 sbi_remote_sfence_vma(uint64 hart_mask, uint64 mask_base, uint64 start, uint64 size)
{
    return SBI_CALL(EXT_RFENCE, RFENCE_SFENCE_VMA, hart_mask, mask_base, start, size).error;
}

// Returns only when the reset is not supported.
int64 sbi_system_reset(uint64 type, uint64 reason)
{
    return SBI_CALL(EXT_SRST, SRST_RESET, type, reason).error;
}

void sbi_console_putchar(int c)
{
    SBI_CALL(EXT_LEGACY_PUTCHAR, 0, (uint64)c);
}

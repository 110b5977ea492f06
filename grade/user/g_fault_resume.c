// A fault that is resolved leaves no trace: the instruction is carried out, once and whole, and no register
// has changed. Each access is the first one to its page; pages lie 64 apart.
//
//   g_fault_resume SEED PLACE       PLACE: word of a page that is used
#include "grade/user/grade_fault.h"

#define APART (64 * PAGE)
#define NOPS  12

__attribute__((aligned(4096))) static char area[NOPS + 1][APART];
__attribute__((aligned(4096))) static uint64 found[NOPS], registers[3][32];

// over_faults(values, address): sets all registers but sp to values[1..31] (x31 to the address), stores x5 to
// the address, and saves what the registers are then behind the values. far_code does nothing, on a page of
// its own.
void over_faults(uint64 *values, void *address);
void far_code(void);
asm(".text\n"
    "over_faults:\n"
    "    addi sp, sp, -512\n"
    "    sd a0, 0(sp)\n"
    "    sd ra, 8(sp); sd gp, 16(sp); sd tp, 24(sp)\n"
    "    sd s0, 32(sp); sd s1, 40(sp); sd s2, 48(sp); sd s3, 56(sp); sd s4, 64(sp); sd s5, 72(sp)\n"
    "    sd s6, 80(sp); sd s7, 88(sp); sd s8, 96(sp); sd s9, 104(sp); sd s10, 112(sp); sd s11, 120(sp)\n"
    "    mv x31, a1\n"
    "    .irp r, 1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, "
    "28, "
    "29, 30, 10\n"
    "    ld x\\r, (\\r * 8)(a0)\n"
    "    .endr\n"
    "    sd x5, 0(x31)\n"
    "    .irp r, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, "
    "27, "
    "28, 29, 30, 31\n"
    "    sd x\\r, (128 + \\r * 8)(sp)\n"
    "    .endr\n"
    "    ld a0, 0(sp)\n"
    "    .irp r, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, "
    "27, "
    "28, 29, 30, 31\n"
    "    ld t0, (128 + \\r * 8)(sp)\n"
    "    sd t0, (256 + \\r * 8)(a0)\n"
    "    .endr\n"
    "    ld ra, 8(sp); ld gp, 16(sp); ld tp, 24(sp)\n"
    "    ld s0, 32(sp); ld s1, 40(sp); ld s2, 48(sp); ld s3, 56(sp); ld s4, 64(sp); ld s5, 72(sp)\n"
    "    ld s6, 80(sp); ld s7, 88(sp); ld s8, 96(sp); ld s9, 104(sp); ld s10, 112(sp); ld s11, 120(sp)\n"
    "    addi sp, sp, 512\n"
    "    ret\n"
    "    .balign 4096\n"
    "far_code:\n"
    "    ret\n"
    "    .balign 4096\n");

#define STORE(i, insn, type) asm volatile(insn " %0, 0(%1)" : : type(v), "r"(area[i] + at) : "memory")
#define LOAD(i, insn)        asm volatile(insn " %0, 0(%1)" : "=r"(found[i]) : "r"(area[i] + at) : "memory")

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), at = 8 * grade_arg(argc, argv, 2), v = mix(seed, 0), old;
    stop("begin", area, at, far_code);
    STORE(0, "sb", "r");
    LOAD(0, "lbu");
    STORE(1, "sh", "r");
    LOAD(1, "lhu");
    STORE(2, "sw", "r");
    LOAD(2, "lwu");
    STORE(3, "sd", "r");
    LOAD(3, "ld");
    double d = 0.0;
    asm volatile("fmv.d.x %0, %1" : "=f"(d) : "r"(v));
    asm volatile("fsd %0, 0(%1)" : : "f"(d), "r"(area[4] + at) : "memory");
    asm volatile("fld fa0, 0(%1)\n    fmv.x.d %0, fa0"
                 : "=r"(found[4])
                 : "r"(area[4] + at)
                 : "fa0", "memory");
    asm volatile("amoadd.d %0, %1, (%2)" : "=r"(old) : "r"(v), "r"(area[5] + at) : "memory");
    LOAD(5, "ld");
    asm volatile("amoswap.w %0, %1, (%2)" : "=r"(old) : "r"(v), "r"(area[6] + at) : "memory");
    LOAD(6, "lwu");
    do // a page may come between the two
        asm volatile("lr.d %0, (%2)\n    sc.d %0, %1, (%2)"
                     : "=&r"(old)
                     : "r"(v), "r"(area[7] + at)
                     : "memory");
    while (old);
    LOAD(7, "ld");
    LOAD(8, "ld"); // read first: zeros; then written
    old = found[8];
    STORE(8, "sd", "r");
    LOAD(8, "ld");
    found[9] = old;
    asm volatile("sd %0, 0(%1)" : : "r"(v), "r"(area[10] + PAGE - 4) : "memory"); // in two pages
    asm volatile("ld %0, 0(%1)" : "=r"(found[10]) : "r"(area[10] + PAGE - 4) : "memory");
    stop("stored", found);

    for (int i = 0; i < 32; i++)
        registers[0][i] = mix(seed, i);
    over_faults(registers[0], area[11] + at);
    far_code();
    stop("kept", registers);
    return 0;
}

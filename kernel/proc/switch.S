// switch_to(struct context *from, struct context *to): saves what a call preserves in *from, loads *to. Returns in the
// other context. tp stays: it belongs to the hart.
    .text
    .globl switch_to
switch_to:
    sd      ra, 0(a0)
    sd      sp, 8(a0)
    .set    n, 0
    .irp    r, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
    sd      \r, (16 + n * 8)(a0)
    .set    n, n + 1
    .endr
    ld      ra, 0(a1)
    ld      sp, 8(a1)
    .set    n, 0
    .irp    r, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
    ld      \r, (16 + n * 8)(a1)
    .set    n, n + 1
    .endr
    ret

// fp_save(struct fpstate *), fp_load(const struct fpstate *): the floating-point registers and fcsr. sstatus.FS must
// not be off.
    .option arch, +d
    .macro  fp_all op
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    \op    f\n, (8 * \n)(a0)
    .endr
    .irp    n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    \op    f\n, (8 * \n)(a0)
    .endr
    .endm

    .globl fp_save
fp_save:
    fp_all  fsd
    frcsr   t0
    sd      t0, 256(a0)
    ret

    .globl fp_load
fp_load:
    fp_all  fld
    ld      t0, 256(a0)
    fscsr   t0
    ret

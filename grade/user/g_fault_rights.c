// Memory that is there, used for what it is not for: stores to text and constants, jumps into heap, stack,
// data and bss. Children try and must die; what is allowed must go on.
//
//   g_fault_rights SEED PAGES
#include "grade/user/grade_fault.h"

extern char etext[]; // end of text and constants

#define RET 0x8082 // c.jr ra: code that returns at once

// a page of each, of its own
__attribute__((aligned(4096))) static const uint64 constants[2 * WORDS] = {RET, RET};
__attribute__((aligned(4096))) static uint64 data[2 * WORDS] = {RET, 1};
__attribute__((aligned(4096))) static uint64 bss[2 * WORDS];

__attribute__((section(".text.far"), aligned(4096), noinline)) static void untouched(void)
{
    asm volatile(".zero 4096"); // the page behind it as well
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2);
    uint64 *p = (uint64 *)heap(pages), *last = p + (pages - 1) * WORDS;
    uint64 stack[2] = {RET, RET};
    p[0] = bss[0] = RET;
    asm volatile("fence.i" : : "r"(stack) : "memory");
    stop("memory", p, data, bss, stack, constants);

    attempt(LOAD_8, (char *)p + (1UL << 32)); // nothing is there

    attempt(LOAD_8, main); // text and constants may be read, and run
    attempt(LOAD_8, &constants[WORDS]);
    attempt(JUMP, constants);
    attempt(STORE_8, &p[WORDS * (mix(seed, 1) % pages)]); // heap, stack and data may be written
    attempt(AMO, &bss[WORDS]);
    attempt(STORE_1, &data[WORDS]);
    attempt(STORE_8, stack);
    stop("allowed");

    attempt(STORE_1, main);
    attempt(STORE_8, untouched);
    attempt(STORE_1, (char *)untouched + PAGE / 2 + mix(seed, 2) % 512);
    attempt(STORE_8, constants);
    attempt(AMO, &constants[WORDS]);
    attempt(AMO, main + (8 - (uint64)main % 8) % 8);
    stop("readonly", etext);

    volatile uint64 zero = *last; // that page was read, not written, if there are several
    attempt(JUMP, p);
    attempt(JUMP, last + (pages > 1 && zero == 0 ? 2 : 0));
    attempt(JUMP, stack);
    attempt(JUMP, data);
    attempt(JUMP, bss);
    attempt(JUMP, &bss[WORDS]);
    stop("noexec", p, pages, data, bss, stack);
    return 0;
}

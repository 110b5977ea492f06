// Kernel self-tests: small tests that run inside the booted kernel (boot option selftest, or
// debug(DEBUG_SELFTEST)).
//
//   SELFTEST(list_order)
//   {
//       CHECK(list_empty(&head), "a new list is empty");
//   }
//
// The macro leaves a pointer to the test in section .selftests; kernel.ld gathers them between
// selftests_start and selftests_end. A test runs in process context, may sleep, and leaves everything as it
// found it.
#ifndef KERNEL_LIB_SELFTEST_H
#define KERNEL_LIB_SELFTEST_H
#include <stdbool.h>
#include "kernel/types.h"

struct selftest {
    const char *name;
    void (*run)(void);
};

#define SELFTEST(test)                                                                                       \
    static void selftest_##test(void);                                                                       \
    static const struct selftest selftest_entry_##test                                                       \
        __attribute__((section(".selftests"), used, aligned(8))) = {#test, selftest_##test};                 \
    static void selftest_##test(void)

// The test goes on after a check that failed; words say what should be true.
#define CHECK(cond, words) selftest_check((cond), words, __FILE__, __LINE__)

void selftest_check(bool ok, const char *words, const char *file, int line);

// Runs all of them and prints TAP ("1..N", "ok 1 - list_order"). Returns how many failed; -EBUSY when they
// already run.
int selftest_run(void);

#endif

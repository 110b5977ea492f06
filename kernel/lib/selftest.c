// Runner of the kernel's self-tests; output in the Test Anything Protocol, one line a test, a comment line a
// failed check.
#include "kernel/lib/err.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/selftest.h"

extern const struct selftest selftests_start[], selftests_end[]; // kernel.ld

static uint running;      // exchanged atomically: one run at a time
static int failed_checks; // of the test that runs; only the runner's process touches it

// One line for each failed check: the words say what should have been true.
void selftest_check(bool ok, const char *words, const char *file, int line)
{
    if (ok)
        return;
    failed_checks++;
    printf("# %s:%d: not so: %s\n", file, line, words);
}

// Sleeps: the tests may. In process context, from the boot option or sys_debug.
int selftest_run(void)
{
    int n = (int)(selftests_end - selftests_start);
    int failed = 0;

    if (__atomic_exchange_n(&running, 1, __ATOMIC_ACQUIRE))
        return -EBUSY;
    printf("1..%d\n", n);
    for (int i = 0; i < n; i++) {
        const struct selftest *t = &selftests_start[i];
        failed_checks = 0;
        t->run();
        printf("%s %d - %s\n", failed_checks ? "not ok" : "ok", i + 1, t->name);
        failed += failed_checks > 0;
    }
    __atomic_store_n(&running, 0, __ATOMIC_RELEASE);
    return failed;
}

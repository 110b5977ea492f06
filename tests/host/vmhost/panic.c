// Panic on the host: ends the program so that a fuzzer or a test runner sees it, or returns to host_panics().
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "kernel/lib/panic.h"
#include "tests/host/vmhost/vmhost.h"

volatile bool panicking;

static jmp_buf catcher;
static bool catching;
static char message[512];

void panic(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    if (catching)
        longjmp(catcher, 1);
    fprintf(stderr, "panic: %s\n", message);
    abort();
}

const char *host_panics(void (*f)(void *arg), void *arg)
{
    bool panicked = false;
    catching = true;
    if (setjmp(catcher) == 0)
        f(arg);
    else
        panicked = true;
    catching = false;
    if (!panicked)
        return 0;
    host_drop_locks();
    return message;
}

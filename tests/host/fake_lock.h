// Spinlocks for kernel code under test on the host, in one thread: they only count.
#ifndef TESTS_HOST_FAKE_LOCK_H
#define TESTS_HOST_FAKE_LOCK_H

extern int fake_locks_held;

#endif

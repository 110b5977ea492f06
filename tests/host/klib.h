// What kernel code under test on the host needs of kernel/lib and the C library does not have.
#ifndef TESTS_HOST_KLIB_H
#define TESTS_HOST_KLIB_H

extern char klib_output[]; // what printf has printed, terminated
void klib_output_clear(void);

#endif

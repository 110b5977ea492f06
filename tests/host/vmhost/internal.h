// Between the files of this folder.
#ifndef TESTS_HOST_VMHOST_INTERNAL_H
#define TESTS_HOST_VMHOST_INTERNAL_H
#include <stdbool.h>
#include "kernel/types.h"

void host_files_start(void);                          // sets vm_file_ops
uint64 host_file_areas(void);                         // areas that map some file
void host_assert_forgotten(bool (*freed)(uint64 pa)); // no TLB has a translation to such a page

#endif

// For programs written for xv6, which find the console's device number here. The kernel's own is fs/file.h.
#ifndef KERNEL_FILE_H
#define KERNEL_FILE_H

#define CONSOLE 1 // major number of the console: mknod("console", CONSOLE, 0)

#endif

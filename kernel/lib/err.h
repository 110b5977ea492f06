// Error numbers inside the kernel, returned negative. User programs see -1 (as in xv6).
#ifndef KERNEL_LIB_ERR_H
#define KERNEL_LIB_ERR_H

#define EPERM        1  // not allowed
#define ENOENT       2  // no such file, process or key
#define EINTR        4  // killed while waiting
#define EIO          5  // a device failed
#define E2BIG        7  // argument list too long
#define ENOEXEC      8  // not a program
#define EBADF        9  // not an open descriptor, or not open for that
#define ECHILD       10 // no children
#define EAGAIN       11 // start over
#define ENOMEM       12 // out of memory
#define EFAULT       14 // bad address
#define EBUSY        16 // in use
#define EEXIST       17 // already there
#define EXDEV        18 // across file systems
#define ENODEV       19 // no such device
#define ENOTDIR      20 // not a directory
#define EISDIR       21 // a directory
#define EINVAL       22 // bad argument
#define ENFILE       23 // system limit of open files
#define EMFILE       24 // process limit of open files
#define ETXTBSY      26 // a running program
#define EFBIG        27 // file too large
#define ENOSPC       28 // disk full
#define EROFS        30 // file system went read-only after a disk error
#define EMLINK       31 // too many links
#define EPIPE        32 // no reader
#define ENAMETOOLONG 36 // name or path too long
#define ENOTEMPTY    39 // directory has entries

#endif

// System-wide limits that user programs may rely on.
#ifndef KERNEL_PARAM_H
#define KERNEL_PARAM_H

#define NPROC       512    // processes at once
#define NCPU        8      // harts at most
#define NOFILE      16     // open files of a process
#define NFILE       1024   // open files of the system
#define NINODE      400    // inodes in memory
#define NDEV        10     // highest major device number, plus one
#define ROOTDEV     1      // device number of the root file system
#define MAXARG      64     // arguments of exec
#define MAXOPBLOCKS 16     // blocks that one file-system operation may log
#define LOGBLOCKS   200    // data blocks of the on-disk log
#define FSSIZE      100000 // size of the standard file system, in blocks
#define MAXPATH     128    // longest path name, with its terminating zero
#define USERSTACK   2048   // pages that a user stack may grow to (8 MiB)

#endif

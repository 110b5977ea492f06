// Files behind memory (fs/mapfile.c).
#ifndef KERNEL_FS_MAPFILE_H
#define KERNEL_FS_MAPFILE_H

void mapfile_init(void); // before the first exec

#endif

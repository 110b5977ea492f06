// What the fault handler needs of files (vm/as.h: struct vm_file_ops). An area of a running program holds a
// reference to its inode, so that unlinking does not hurt it, and marks it as program text, so that nobody
// writes to it meanwhile.
#include "kernel/fs/mapfile.h"
#include "kernel/fs/fs.h"
#include "kernel/lib/panic.h"
#include "kernel/vm/as.h"

static void map_get(struct inode *ip)
{
    inode_dup(ip);
    int error = inode_text_get(ip);
    assert(error == 0, "program mapped while it is open for writing");
}

static void map_put(struct inode *ip)
{
    inode_text_put(ip);
    inode_put(ip);
}

static int64 map_read(struct inode *ip, void *dst, uint64 off, uint64 n)
{
    inode_lock(ip);
    int64 done = inode_read(ip, dst, off, n);
    inode_unlock(ip);
    return done;
}

void mapfile_init(void)
{
    vm_file_ops = (struct vm_file_ops){.get = map_get, .put = map_put, .read = map_read};
}

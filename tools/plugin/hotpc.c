// QEMU TCG plugin: counts how often each guest instruction runs, and writes "address count" lines at exit.
// Debian ships no header for plugins, so the few prototypes of the version-1 interface used here are declared
// below. Built and used by tools/profile.
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*cb)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, enum qemu_plugin_op op,
                                                void *ptr, uint64_t imm);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*cb)(qemu_plugin_id_t, void *), void *arg);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define SLOTS (1u << 20) // open hash of instruction addresses

static struct slot {
    uint64_t pc;
    uint64_t count;
} * slots;
static char *out_path;

static struct slot *slot_of(uint64_t pc)
{
    uint32_t h = (uint32_t)((pc >> 1) * 2654435761u) % SLOTS;
    while (slots[h].pc && slots[h].pc != pc)
        h = (h + 1) % SLOTS;
    slots[h].pc = pc;
    return &slots[h];
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
                                                   &slot_of(qemu_plugin_insn_vaddr(insn))->count, 1);
    }
}

static void finish(qemu_plugin_id_t id, void *arg)
{
    (void)id, (void)arg;
    FILE *f = fopen(out_path, "w");
    if (!f)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        if (slots[i].count)
            fprintf(f, "%" PRIx64 " %" PRIu64 "\n", slots[i].pc, slots[i].count);
    fclose(f);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0)
        return -1;
    out_path = strdup(argv[0] + 4);
    slots = calloc(SLOTS, sizeof(*slots));
    if (!out_path || !slots)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}

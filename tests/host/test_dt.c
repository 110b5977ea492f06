// SOURCES: kernel/boot/fdt.c kernel/boot/dt.c tests/host/dt_write.c
//
// Device tree: the blobs that QEMU's virt machine and OpenSBI give a kernel (data/virt-N.dtb: N harts, with
// 128 MiB, 16 MiB and 4 GiB; random seed removed), and trees built here for what virt does not have.
// test_dt_fuzz.c: bad blobs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/boot/dt.h"
#include "kernel/boot/fdt.h"
#include "kernel/lib/err.h"
#include "tests/host/dt_write.h"

#define MAXBLOB 65536

static struct machine m;

static uchar *load(int harts, uint64 *size)
{
    char path[64];
    snprintf(path, sizeof(path), "tests/host/data/virt-%d.dtb", harts);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    uchar *blob = malloc(MAXBLOB);
    *size = fread(blob, 1, MAXBLOB, f);
    fclose(f);
    return realloc(blob, *size);
}

static int parse(int harts, uint64 boot_hartid)
{
    uint64 size;
    uchar *blob = load(harts, &size);
    int r = dt_parse(blob, size, boot_hartid, &m);
    free(blob);
    return r;
}

static void test_virt_devices(void **state)
{
    (void)state;
    assert_int_equal(parse(1, 0), 0);
    assert_int_equal(m.timebase, 10000000);
    assert_int_equal(m.uart.base, 0x10000000);
    assert_int_equal(m.uart.size, 0x100);
    assert_int_equal(m.uart_irq, 10);
    assert_int_equal(m.plic.base, 0xc000000);
    assert_int_equal(m.plic.size, 0x600000);
    assert_int_equal(m.plic_ndev, 96);
    assert_int_equal(m.finisher.base, 0x100000);
    assert_int_equal(m.nvirtio, 8);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(m.virtio[i].base, 0x10001000 + 0x1000 * i);
        assert_int_equal(m.virtio_irq[i], i + 1);
    }
    assert_string_equal(m.bootargs, "run=ls%20-l mark=abc");
    assert_int_equal(m.nreserved, 1);
    assert_int_equal(m.reserved[0].base, 0x80000000);
    assert_int_equal(m.reserved[0].size, 0x80000);
}

static void test_virt_memory(void **state)
{
    static const struct {
        int harts;
        uint64 size;
    } cases[] = {{1, 128UL << 20}, {3, 16UL << 20}, {8, 4UL << 30}};
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(parse(cases[i].harts, 0), 0);
        assert_int_equal(m.ram.base, 0x80000000);
        assert_int_equal(m.ram.size, cases[i].size);
        assert_int_equal(m.nharts, cases[i].harts);
    }
}

// The boot hart is cpus[0], and every hart has its own supervisor context: 2 * hart + 1 on virt.
static void test_virt_harts(void **state)
{
    (void)state;
    for (uint64 boot = 0; boot < 8; boot++) {
        uint64 seen = 0;
        assert_int_equal(parse(8, boot), 0);
        assert_int_equal(m.nharts, 8);
        assert_int_equal(m.hartid[0], boot);
        for (int i = 0; i < 8; i++) {
            assert_int_equal(m.plic_context[i], 2 * m.hartid[i] + 1);
            seen |= 1UL << m.hartid[i];
        }
        assert_int_equal(seen, 0xff);
    }
    assert_int_equal(parse(3, 2), 0);
    assert_int_equal(m.plic_context[3], -1);
}

static void test_boot_hart_missing(void **state)
{
    (void)state;
    assert_int_equal(parse(3, 3), -ENODEV);
}

// A root with one-cell addresses and sizes.
static void tree_begin(void)
{
    dtw_start();
    dtw_node("");
    dtw_prop_cells("#address-cells", 1, 1);
    dtw_prop_cells("#size-cells", 1, 1);
}

static void memory(uint base, uint size)
{
    char name[32];
    snprintf(name, sizeof(name), "memory@%x", base);
    dtw_node(name);
    dtw_prop_string("device_type", "memory");
    dtw_prop_cells("reg", 2, base, size);
    dtw_end();
}

static void cpus_begin(void)
{
    dtw_node("cpus");
    dtw_prop_cells("#address-cells", 1, 1);
    dtw_prop_cells("#size-cells", 1, 0);
    dtw_prop_cells("timebase-frequency", 2, 0, 10000000);
}

static void cpu(uint id, const char *status)
{
    char name[32];
    snprintf(name, sizeof(name), "cpu@%x", id);
    dtw_node(name);
    dtw_prop_string("device_type", "cpu");
    dtw_prop_cells("reg", 1, id);
    if (status)
        dtw_prop_string("status", status);
    dtw_node("interrupt-controller");
    dtw_prop_string("compatible", "riscv,cpu-intc");
    dtw_prop_cells("phandle", 1, 0x100 + id);
    dtw_end();
    dtw_end();
}

static void minimal(void)
{
    tree_begin();
    memory(0x80000000, 0x8000000);
    cpus_begin();
    cpu(0, "okay");
    dtw_end();
}

// Ends the tree and parses it.
static int tree_parse(uint64 boot_hartid)
{
    uint64 size;
    dtw_end();
    dtw_word(9);
    uchar *b = dtw_blob(&size);
    int r = dt_parse(b, size, boot_hartid, &m);
    free(b);
    return r;
}

static void test_minimal(void **state)
{
    (void)state;
    minimal();
    assert_int_equal(tree_parse(0), 0);
    assert_int_equal(m.ram.size, 0x8000000);
    assert_int_equal(m.timebase, 10000000);
    assert_int_equal(m.uart.size, 0);
    assert_int_equal(m.plic.size, 0);
    assert_int_equal(m.finisher.size, 0);
    assert_string_equal(m.bootargs, "");
}

static void test_banks(void **state)
{
    (void)state;
    tree_begin();
    memory(0x40000000, 0x20000000);
    memory(0x80000000, 0x1000000);
    memory(0xc0000000, 0x30000000);
    cpus_begin();
    cpu(0, 0);
    dtw_end();
    assert_int_equal(tree_parse(0), 0);
    assert_int_equal(m.ram.base, 0x80000000);

    tree_begin();
    memory(0x40000123, 0x20000000);
    memory(0xc0000000, 0x1000);
    cpus_begin();
    cpu(0, 0);
    dtw_end();
    assert_int_equal(tree_parse(0), 0);
    assert_int_equal(m.ram.base, 0x40001000); // whole pages
    assert_int_equal(m.ram.size, 0x1ffff000);
}

// Ten harts, of which two are unusable; the last one boots.
static void test_many_harts(void **state)
{
    (void)state;
    tree_begin();
    memory(0x80000000, 0x8000000);
    cpus_begin();
    for (uint id = 10; id < 22; id++)
        cpu(id, id == 11 ? "disabled" : id == 12 ? "fail" : 0);
    cpu(10, 0); // again
    dtw_end();
    assert_int_equal(tree_parse(21), 0);
    assert_int_equal(m.nharts, NCPU);
    static const uint64 expected[NCPU] = {21, 10, 13, 14, 15, 16, 17, 18};
    assert_memory_equal(m.hartid, expected, sizeof(expected));
}

static void test_nothing_essential_missing(void **state)
{
    (void)state;
    tree_begin();
    cpus_begin();
    cpu(0, 0);
    dtw_end();
    assert_int_equal(tree_parse(0), -ENODEV); // memory

    tree_begin();
    memory(0x80000000, 0x8000000);
    dtw_node("cpus");
    dtw_prop_cells("#address-cells", 1, 1);
    dtw_prop_cells("#size-cells", 1, 0);
    cpu(0, 0);
    dtw_end();
    assert_int_equal(tree_parse(0), -ENODEV); // timebase
}

static void test_reserved(void **state)
{
    (void)state;
    minimal();
    dtw_node("reserved-memory");
    dtw_prop_cells("#address-cells", 1, 1);
    dtw_prop_cells("#size-cells", 1, 1);
    dtw_node("a");
    dtw_prop_cells("reg", 4, 0x80000000, 0x1000, 0x81000000, 0x2000);
    dtw_end();
    dtw_node("b");
    dtw_prop_cells("reg", 2, 0x82000000, 0); // empty
    dtw_end();
    dtw_end();
    dtw_reserve(0x83000000, 0x4000);
    assert_int_equal(tree_parse(0), 0);
    assert_int_equal(m.nreserved, 3);
    assert_int_equal(m.reserved[1].base, 0x81000000);
    assert_int_equal(m.reserved[1].size, 0x2000);
    assert_int_equal(m.reserved[2].base, 0x83000000);

    minimal();
    for (int i = 0; i < MACHINE_MAXRESERVED + 1; i++)
        dtw_reserve(0x1000, 0x1000);
    assert_int_equal(tree_parse(0), -E2BIG);
}

static void uart(const char *name, uint base, uint irq, const char *status)
{
    dtw_node(name);
    dtw_prop_string("compatible", "ns16550a");
    dtw_prop_cells("reg", 2, base, 0x100);
    dtw_prop_cells("interrupts", 1, irq);
    if (status)
        dtw_prop_string("status", status);
    dtw_end();
}

static void uarts(const char *stdout_path)
{
    minimal();
    uart("serial@1000", 0x1000, 1, "disabled");
    uart("serial@2000", 0x2000, 2, 0);
    uart("serial@3000", 0x3000, 3, 0);
    dtw_node("aliases");
    dtw_prop_string("serial0", "/serial@3000");
    dtw_end();
    dtw_node("chosen");
    if (stdout_path)
        dtw_prop_string("stdout-path", stdout_path);
    dtw_end();
    assert_int_equal(tree_parse(0), 0);
}

static void test_console(void **state)
{
    (void)state;
    uarts(0);
    assert_int_equal(m.uart.base, 0x2000);
    assert_int_equal(m.uart_irq, 2);
    uarts("/serial@3000:115200n8");
    assert_int_equal(m.uart.base, 0x3000);
    uarts("/serial@300");
    assert_int_equal(m.uart.base, 0x2000);
    uarts("/nowhere");
    assert_int_equal(m.uart.base, 0x2000);
}

// An alias counts wherever /aliases stands.
static void test_console_alias(void **state)
{
    (void)state;
    minimal();
    dtw_node("chosen");
    dtw_prop_string("stdout-path", "serial0:9600");
    dtw_end();
    dtw_node("soc");
    dtw_prop_cells("#address-cells", 1, 1);
    dtw_prop_cells("#size-cells", 1, 1);
    uart("serial@2000", 0x2000, 2, 0);
    uart("serial@3000", 0x3000, 3, 0);
    dtw_end();
    dtw_node("aliases");
    dtw_prop_string("serial0", "/soc/serial@3000");
    dtw_end();
    assert_int_equal(tree_parse(0), 0);
    assert_int_equal(m.uart.base, 0x3000);
}

static void test_virtio_order(void **state)
{
    (void)state;
    minimal();
    for (uint i = 0; i < 20; i++) {
        char name[32];
        uint base = 0x1000 * ((i * 7) % 20 + 1);
        snprintf(name, sizeof(name), "virtio@%x", base);
        dtw_node(name);
        dtw_prop_string("compatible", "virtio,mmio");
        dtw_prop_cells("reg", 2, base, 0x1000);
        dtw_prop_cells("interrupts", 1, base / 0x1000);
        dtw_end();
    }
    assert_int_equal(tree_parse(0), 0);
    assert_int_equal(m.nvirtio, MACHINE_MAXVIRTIO);
    for (int i = 0; i < m.nvirtio; i++) {
        assert_int_equal(m.virtio[i].base, 0x1000 * (i + 1));
        assert_int_equal(m.virtio_irq[i], i + 1);
    }
}

// Contexts that lie outside of the registers do not count, nor those of other interrupts.
static void test_plic_contexts(void **state)
{
    (void)state;
    tree_begin();
    memory(0x80000000, 0x8000000);
    cpus_begin();
    cpu(0, 0);
    cpu(1, 0);
    cpu(2, 0);
    dtw_end();
    dtw_node("plic");
    dtw_prop_string("compatible", "riscv,plic0");
    dtw_prop_cells("reg", 2, 0xc000000, 0x203000); // contexts 0 to 2
    dtw_prop_cells("riscv,ndev", 1, 5000);
    dtw_prop_cells("interrupts-extended", 8, 0x101, 9, 0x100, 11, 0x100, 9, 0x102, 9);
    dtw_end();
    assert_int_equal(tree_parse(0), 0);
    assert_int_equal(m.plic_ndev, 1023);
    assert_int_equal(m.plic_context[0], 2);
    assert_int_equal(m.plic_context[1], 0);
    assert_int_equal(m.plic_context[2], -1);
}

static void test_long_bootargs(void **state)
{
    static char args[6000];
    (void)state;
    for (int i = 0; i < 5999; i++)
        args[i] = i % 10 == 9 ? ' ' : 'a';
    minimal();
    dtw_node("chosen");
    dtw_prop_string("bootargs", args);
    dtw_end();
    assert_int_equal(tree_parse(0), 0);
    assert_int_equal(strlen(m.bootargs), 4089); // whole words
}

static void test_malformed(void **state)
{
    (void)state;
    tree_begin();
    for (int i = 0; i < FDT_MAXDEPTH; i++)
        dtw_node("deep");
    for (int i = 0; i < FDT_MAXDEPTH; i++)
        dtw_end();
    assert_int_equal(tree_parse(0), -EINVAL);

    minimal();
    dtw_end();
    assert_int_equal(tree_parse(0), -EINVAL); // one end too many

    minimal();
    dtw_node("open");
    assert_int_equal(tree_parse(0), -EINVAL);

    minimal();
    dtw_word(77); // no such token
    assert_int_equal(tree_parse(0), -EINVAL);
    assert_int_equal(dt_parse("", 0, 0, &m), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_virt_devices),  cmocka_unit_test(test_virt_memory),
        cmocka_unit_test(test_virt_harts),    cmocka_unit_test(test_boot_hart_missing),
        cmocka_unit_test(test_minimal),       cmocka_unit_test(test_banks),
        cmocka_unit_test(test_many_harts),    cmocka_unit_test(test_nothing_essential_missing),
        cmocka_unit_test(test_reserved),      cmocka_unit_test(test_console),
        cmocka_unit_test(test_console_alias), cmocka_unit_test(test_virtio_order),
        cmocka_unit_test(test_plic_contexts), cmocka_unit_test(test_long_bootargs),
        cmocka_unit_test(test_malformed),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}

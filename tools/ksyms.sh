#!/bin/sh
# Prints the kernel's symbol table as assembly: what symbol_find() (kernel/lib/panic.h) searches for a backtrace.
#
#   tools/ksyms.sh                 an empty table, for the first link
#   tools/ksyms.sh NM kernel.elf   the functions of that kernel, by rising address
#
# The kernel is linked twice: the second time with the table of the first. Both have the same text addresses, since
# the table's section (.ksyms) lies behind .text and linker relaxation is off; the Makefile compares the two tables.
#
#   ksym_count    .quad   entries
#   ksym_addrs    .quad   ksym_count addresses, rising
#   ksym_offsets  .long   for each, where in ksym_strings its name starts
#   ksym_strings  names, each ended by a zero byte
set -eu

functions()
{
    [ $# -eq 0 ] || "$1" -n "$2" | awk '
        $3 ~ /^(kernel|text|copy_routines)_(start|end)$/ { next }  # marks of the linker script
        $2 ~ /^[tTwW]$/ && $3 !~ /^[.$]/ && $1 != last { print $1, $3; last = $1 }'
}

functions "$@" | awk '
    { addr[NR] = $1; name[NR] = $2 }
    END {
        print "    .section .ksyms, \"a\""
        print "    .globl ksym_count, ksym_addrs, ksym_offsets, ksym_strings"
        print "    .balign 8"
        print "ksym_count:\n    .quad " NR
        print "ksym_addrs:"
        for (i = 1; i <= NR; i++)
            print "    .quad 0x" addr[i]
        print "ksym_offsets:"
        for (i = 1; i <= NR; i++) {
            print "    .long " offset
            offset += length(name[i]) + 1
        }
        print "ksym_strings:"
        for (i = 1; i <= NR; i++)
            print "    .asciz \"" name[i] "\""
    }
    BEGIN { offset = 0 }'

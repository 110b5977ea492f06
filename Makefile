# Faultline: `make help` lists the targets. Everything that is built goes to build/, but for kernel/kernel.elf.
#
# Nothing has to be listed here: every kernel/**/*.c and *.S is part of the kernel; every user/NAME.c is a program
# that the image holds as NAME. Of a program in several files the others are called user/NAME_PART.c. Without a program
# called NAME, user/NAME_lib.c is a library, of which every program takes what it uses.

B := build
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

# Toolchain: the first prefix that exists (Debian and Ubuntu; Arch and Homebrew; Fedora)
TOOLPREFIX ?= $(firstword $(foreach p,riscv64-unknown-elf- riscv64-elf- riscv64-linux-gnu-,\
                $(if $(shell command -v $(p)gcc),$(p))) riscv64-unknown-elf-)
KCC    := $(TOOLPREFIX)gcc
LD     := $(TOOLPREFIX)ld
NM     := $(TOOLPREFIX)nm
AR     := $(TOOLPREFIX)ar
HOSTCC ?= cc
PYTHON ?= python3

COMMON  := -std=gnu11 -Wall -O2 -g -ffreestanding -fno-common -nostdlib -fno-omit-frame-pointer \
           -fno-strict-aliasing -fno-stack-protector -fno-pic -mcmodel=medany -msmall-data-limit=0 \
           -I. -MMD -MP
KCFLAGS := $(COMMON) -Wextra -Werror -march=rv64imac_zicsr_zifencei -mabi=lp64
# Programs of others must compile unchanged, so user code is not built with -Werror.
UCFLAGS := $(COMMON) -fno-builtin -Wno-main -march=rv64gc -mabi=lp64d
HCFLAGS := -std=gnu11 -Wall -Wextra -Werror -O2 -g -I.
LDFLAGS := -n -static --build-id=none -z max-page-size=4096

.PHONY: all kernel
all: kernel/kernel.elf $(B)/fs.img $(B)/fsck $(B)/policysim $(if $(wildcard grade/user),$(B)/grade/fs.img $(B)/grade/layout.s)

# $(call do,NAME,COMMAND): says NAME and the target; V=1 shows the command itself, -s nothing
QUIET := $(findstring s,$(filter-out ---%,$(firstword -$(MAKEFLAGS))))
do = $(if $(V),,@$(if $(QUIET),,printf '  %-7s %s\n' '$1' '$@';)) $2

# $(call remember,FILE,WORDS): FILE changes when WORDS do, so that a deleted source leads to a new link
remember = $(shell mkdir -p $(dir $1); echo '$(strip $2)' | cmp -s - $1 || echo '$(strip $2)' >$1)$1

# ---- kernel: linked twice, the second time with the symbol table of the first (tools/ksyms.sh)

KSRC := $(sort $(shell find kernel -name '*.c' -o -name '*.S'))
KOBJ := $(KSRC:%=$(B)/%.o)
K    := $(B)/kernel
kernel: kernel/kernel.elf

$(K)/%.o: kernel/% Makefile
	@mkdir -p $(@D)
	$(call do,CC,$(KCC) $(KCFLAGS)) -c -o $@ $<
$(K)/%syms.S.o: $(K)/%syms.S
	$(call do,CC,$(KCC) $(KCFLAGS)) -c -o $@ $<
$(K)/nosyms.S: tools/ksyms.sh
	@mkdir -p $(@D)
	@tools/ksyms.sh >$@
$(K)/ksyms.S: $(K)/pass1.elf tools/ksyms.sh
	@tools/ksyms.sh $(NM) $< >$@
$(K)/pass1.elf: $(KOBJ) $(K)/nosyms.S.o kernel/boot/kernel.ld $(call remember,$(K)/objects,$(KOBJ))
	$(call do,LD,$(LD) $(LDFLAGS)) -T kernel/boot/kernel.ld -o $@ $(KOBJ) $(K)/nosyms.S.o
kernel/kernel.elf: $(K)/pass1.elf $(K)/ksyms.S.o
	$(call do,LD,$(LD) $(LDFLAGS)) -T kernel/boot/kernel.ld -o $@ $(KOBJ) $(K)/ksyms.S.o
	@tools/ksyms.sh $(NM) $@ | cmp - $(K)/ksyms.S || { echo '$@: the second link moved a function' >&2; exit 1; }

# ---- user programs

ULIBSRC := $(wildcard user/ulib.c user/printf.c user/umalloc.c user/*.S)
ULIB    := $(ULIBSRC:%=$(B)/%.o)
UNAMES  := $(patsubst user/%.c,%,$(filter-out $(ULIBSRC),$(wildcard user/*.c)))
# NAME_PART is a part of program NAME if there is a NAME
partof  = $(strip $(foreach n,$(filter-out $1,$(UNAMES)),$(if $(filter $(n)_%,$1),$n)))
ULIBS   := $(foreach l,$(filter %_lib,$(UNAMES)),$(if $(call partof,$l),,$l))
PROGS   := $(foreach n,$(filter-out $(ULIBS),$(UNAMES)),$(if $(call partof,$n),,$n))
parts   = $(foreach p,$(filter $1_%,$(UNAMES)) $(ULIBS),$(B)/user/$p.c.o)
# The program's own object comes first and takes from the others, an archive, what it uses: so another program's source
# may replace sh.c or usertests.c, whose parts it knows nothing of, and may define a function of the library itself.
LIBGCC  := $(shell $(KCC) $(UCFLAGS) -print-libgcc-file-name 2>/dev/null)

$(B)/user/%.o: user/% Makefile
	@mkdir -p $(@D)
	$(call do,CC,$(KCC) $(UCFLAGS)) -c -o $@ $<
.SECONDEXPANSION:
$(PROGS:%=$(B)/user/_%): $(B)/user/_%: $(B)/user/%.c.o $$(call parts,$$*) $(ULIB) user/user.ld
	$(call do,LD,lib=$(@D)/$*.$$$$.a; $(AR) rcs $$lib $(filter-out $<,$(filter %.o,$^))) && \
	    $(LD) $(LDFLAGS) -T user/user.ld -o $@ $< $$lib $(LIBGCC); status=$$?; rm -f $$lib; exit $$status

# ---- host tools and the file-system image

$(B)/fsck: mkfs/check.c
# mkfs/*.c beside the two programs is shared by them
HSHARED := $(filter-out mkfs/mkfs.c mkfs/fsck.c,$(wildcard mkfs/*.c))
$(B)/mkfs $(B)/fsck: $(B)/%: mkfs/%.c $(HSHARED) $(wildcard mkfs/*.h kernel/*.h) Makefile
	@mkdir -p $(@D)
	$(call do,HOSTCC,$(HOSTCC) $(HCFLAGS)) -o $@ $(filter %.c,$^)
# the simulator has the kernel's own policies
$(B)/policysim: $(wildcard tools/policysim*.c kernel/swap/policy*.c tools/policysim.h kernel/*/*.h) Makefile
	@mkdir -p $(@D)
	$(call do,HOSTCC,$(HOSTCC) $(HCFLAGS)) -o $@ $(filter %.c,$^) -lm
$(B)/README: README.md
	@mkdir -p $(@D)
	@cp $< $@
FILES := $(if $(wildcard README.md),$(B)/README) $(PROGS:%=$(B)/user/_%)
$(B)/fs.img: $(B)/mkfs $(FILES) $(call remember,$(B)/user/programs,$(FILES))
	$(call do,IMAGE,$(B)/mkfs) $@.new $(FILES)
	@mv $@.new $@

# ---- the grader's programs, and an image with all of them (make run FSIMG=build/grade/fs.img CMD='g_cow_share 1 20').
# They lie where no other program does, so that a breakpoint in one is in no other.

GPROGS := $(patsubst grade/user/%.c,%,$(wildcard grade/user/g_*.c))
GLIB   := $(patsubst %,$(B)/%.o,$(wildcard grade/user/grade_*.c))
GBASE  := 0x500000
$(B)/grade/user/%.o: grade/user/% Makefile
	@mkdir -p $(@D)
	$(call do,CC,$(KCC) $(UCFLAGS) -Wextra -Werror) -c -o $@ $<
$(GPROGS:%=$(B)/grade/user/_%): $(B)/grade/user/_%: $(B)/grade/user/%.c.o $(GLIB) $(ULIB) user/user.ld
	$(call do,LD,$(LD) $(LDFLAGS) --defsym=BASE=$(GBASE) -T user/user.ld) -o $@ $(filter %.o,$^) $(LIBGCC)
$(B)/grade/layout.s: grade/core/layout.c Makefile
	@mkdir -p $(@D)
	$(call do,CC,$(KCC) $(KCFLAGS)) -S -o $@ $<
$(B)/grade/fs.img: $(B)/mkfs $(GPROGS:%=$(B)/grade/user/_%) $(B)/user/_init $(B)/user/_sh
	$(call do,IMAGE,$(B)/mkfs) $@.new $(filter-out $<,$^)
	@mv $@.new $@

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- machines. Variables: CPUS MEM SWAP POLICY APPEND ICOUNT TIMEOUT FSIMG QEMU_EXTRA (tools/faultline.py)

.PHONY: qemu run qemu-gdb gdb
qemu: all
	@tools/qemu
qemu-gdb: all
	@tools/qemu --gdb
gdb:
	@tools/gdb/attach
# Standard output is the guest's alone, so the build talks to standard error.
run: export FAULTLINE_CMD := $(value CMD)
run:
	@$(MAKE) --no-print-directory -s all >&2
	@tools/run "$$FAULTLINE_CMD"

# ---- set-up and tests

.PHONY: deps doctor test soak bench profile mutants grade replay submit handout lint format clean help
deps:
	@tools/deps
doctor:
	@tools/doctor
test:
	@$(PYTHON) tools/test.py $(STEPS)
soak:
	@$(PYTHON) tools/test.py --soak $(STEPS)
bench: all
	@tools/bench $(BENCHFLAGS)
profile: all
	@tools/profile $(if $(CMD),,$(error make profile CMD='line'))'$(CMD)'
mutants: all
	@grade/variants $(WORDS)
grade:
	@$(PYTHON) grade/grade.py $(if $(LAB),--lab '$(LAB)') $(if $(TEST),--test '$(TEST)') $(if $(J),-j '$(J)') \
	    $(if $(SEED),--seed '$(SEED)') $(GRADEFLAGS)
replay: all
	@$(PYTHON) grade/replay $(if $(SEED),--seed '$(SEED)') '$(TEST)'
submit:
	@$(PYTHON) grade/submit '$(LAB)' '$(OUT)'
handout:
	@tools/handout '$(LAB)' '$(OUT)' $(if $(FROM),--from '$(FROM)')
lint:
	@tools/lint
format:
	clang-format -i $$(git ls-files '*.c' '*.h')
clean:
	rm -rf $(B) kernel/kernel.elf
help:
	@sed -n 's/^#: //p' Makefile

#: make                    build the kernel, the programs and the image
#: make qemu               interactive shell; poweroff or Ctrl-A X ends it; its disk persists
#: make run CMD='ls; wc f' boot, run the line, power off; fails when the line does
#: make qemu-gdb, make gdb debug the kernel: one terminal each
#: make deps, make doctor  install what is missing; say what is missing
#: make test, make soak    all tests; the long loops
#: make bench              what the kernel costs, next to xv6 and Linux
#: make profile CMD='..'   which kernel functions a line's instructions go to
#: make grade              scores the labs: LAB=cow TEST='cow-*' J=jobs SEED=n (docs/grader.md)
#: make replay TEST=name   records a test and opens GDB on it, forwards and backwards
#: make submit             pack the files to hand in: LAB=cow: up to that lab
#: make handout LAB=cow OUT=d  a students' tree; FROM=dir: with a student's own earlier labs
#: make mutants           try the grader on wrong, other right, and cheating versions of the student files
#: make lint, make format  check, apply the layout rules
#: make clean              remove everything built
#: Variables of qemu, run and qemu-gdb: CPUS=1..8 MEM=16M..4G SWAP=size POLICY=name APPEND='key=value ..' ICOUNT=1

# Blazon. `make help` lists the targets; docs/architecture.md says what the folders are.
#
# Everything is made under build/<variant>/: release (gcc), clang, asan, ubsan, cover, fuzz (clang). Sources are found by wildcard:
# a new file in a folder, a unit test, a fuzz target or a benchmark needs no line here.
.DEFAULT_GOAL := all
SHELL := /bin/bash

VARIANT  ?= release
BUILD    ?= build
B        := $(BUILD)/$(VARIANT)
Q        := $(if $(V),,@)
ifeq ($(origin CC),default)
CC       := $(if $(filter clang fuzz,$(VARIANT)),clang,gcc)
endif

# Folders from left to right: a file may include only its own folder and those to its left (see `make layers`).
DIRS     := base lexer parser compiler reference vm stdlib runtime
# libffi comes with `extern fn`; until something includes ffi.h, nothing links it.
USES_FFI := $(shell grep -lE '^ *\# *include *<ffi\.h>' $(DIRS:%=%/*.c) 2>/dev/null)
PKGS     := sqlite3 $(if $(USES_FFI),libffi) libpcre2-8 yajl nettle libxxhash icu-uc icu-i18n
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm -lpthread

WARN     := -Wall -Wextra -Wconversion -Wshadow=local -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla -Werror
ifneq (,$(findstring clang,$(CC)))
WARN     := $(subst -Wshadow=local,-Wshadow,$(WARN)) -Wno-sign-conversion -Wno-shadow
endif
# What flex and bison write is not ours to polish.
WARN_GEN := -Wno-conversion -Wno-sign-conversion -Wno-switch-enum -Wno-unused-function -Wno-missing-prototypes -Wno-unused-but-set-variable
STD      := -std=gnu11 -D_GNU_SOURCE -ffp-contract=off -fno-strict-aliasing -fPIC -fno-plt -fvisibility=hidden -pthread
OPT_release := -O2 -g
OPT_clang   := -O2 -g
OPT_asan    := -O1 -g -fsanitize=address -fno-omit-frame-pointer
OPT_ubsan   := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
OPT_tsan    := -O1 -g -fsanitize=thread -Wno-tsan -Wno-clobbered
OPT_cover   := -O0 -g --coverage -Wno-clobbered
OPT_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT      := $(OPT_$(VARIANT))
CFLAGS   ?=
ALL_CFLAGS := $(STD) $(OPT) $(WARN) -I. -Iinclude -I$(B) $(PKG_CFLAGS) $(CFLAGS)
LDFLAGS  ?=
ALL_LDFLAGS := $(OPT) -pthread $(LDFLAGS)
FLEX     ?= flex
BISON    ?= bison

# The header says the version; the shared library's name carries its first number.
VERSION  := $(shell sed -n 's/^\#define BLZ_VERSION  *"\([^"]*\)".*/\1/p' include/blazon.h 2>/dev/null)
VERSION  := $(or $(VERSION),0.1.0)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))
SONAME   := libblazon.so.$(SOVERSION)
PREFIX   ?= /usr/local
LIBDIR   ?= $(PREFIX)/lib
DATADIR  ?= $(PREFIX)/share

srcs      = $(wildcard $(1)/*.c)
LEXGEN   := $(B)/lexer/scan.c
PARGEN   := $(B)/parser/grammar.c
objs      = $(patsubst %.c,$(B)/%.o,$(call srcs,$(1))) $(if $(filter lexer,$(1)),$(if $(wildcard lexer/scan.l),$(LEXGEN:.c=.o))) $(if $(filter parser,$(1)),$(if $(wildcard parser/grammar.y),$(PARGEN:.c=.o)))
LIBOBJS  := $(foreach d,$(DIRS),$(call objs,$d))
CLIOBJS  := $(call objs,cli)
UNIT     := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*.c))
DIFF     := $(if $(wildcard tests/diff/*.c),$(B)/tests/diff/diff)
FUZZERS  := $(patsubst fuzz/%.c,$(B)/fuzz/%,$(wildcard fuzz/fuzz_*.c))
BENCHES  := $(patsubst bench/%.c,$(B)/bench/%,$(wildcard bench/*.c))
GENHDRS  := $(if $(wildcard parser/grammar.y),$(B)/parser/grammar.h)

##@ Building
.PHONY: all lib tests-build
all: $(B)/blazon ## the command line tool, build/release/blazon (default target)
lib: $(B)/$(SONAME) $(B)/libblazon.a ## the shared and the static library
tests-build: $(B)/blazon $(UNIT) $(DIFF)

ifneq (,$(filter all lib tests-build $(B)/blazon,$(or $(MAKECMDGOALS),all)))
ifneq (0,$(shell pkg-config --exists $(PKGS) 2>/dev/null; echo $$?))
$(error Libraries are missing, of: $(PKGS). `make deps` installs what Blazon needs)
endif
endif

$(B)/parser/grammar.c $(B)/parser/grammar.h &: parser/grammar.y
	@mkdir -p $(@D)
	$(Q)$(BISON) -Wall -Werror -Wcounterexamples -o $(B)/parser/grammar.c --header=$(B)/parser/grammar.h $<
$(LEXGEN): lexer/scan.l
	@mkdir -p $(@D)
	$(Q)$(FLEX) -o $@ $<

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC $<")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(call objs,lexer) $(call objs,parser): | $(GENHDRS)
$(B)/%.o: $(B)/%.c
	$(if $(V),,@echo "  CC $<")
	$(Q)$(CC) $(ALL_CFLAGS) $(WARN_GEN) -MMD -MP -c -o $@ $<

# one archive a folder, so that a unit test links only what its layer may use
define dir_archive
$(B)/lib$(1).a: $(call objs,$(1))
	@mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$^
endef
$(foreach d,$(DIRS),$(eval $(call dir_archive,$d)))
ARCHIVES := $(foreach d,$(DIRS),$(B)/lib$d.a)
link      = $(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(1) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(2) $(PKG_LIBS)

$(B)/blazon: $(CLIOBJS) $(ARCHIVES)
	$(if $(V),,@echo "  LD $@")
	$(call link,$(CLIOBJS))

# Only blz_* leaves the library: the version script says so for the shared one, objcopy for the static one.
$(B)/blazon.map: Makefile
	@mkdir -p $(@D)
	@printf 'BLAZON_%s { global: blz_*; local: *; };\n' $(SOVERSION) > $@
$(B)/$(SONAME): $(LIBOBJS) $(B)/blazon.map
	$(if $(V),,@echo "  LD $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=$(B)/blazon.map -Wl,-z,defs -Wl,-z,relro -o $@ $(LIBOBJS) $(PKG_LIBS)
	@ln -sf $(SONAME) $(B)/libblazon.so
$(B)/libblazon.a: $(LIBOBJS)
	$(if $(V),,@echo "  AR $@")
	$(Q)ld -r -o $(B)/libblazon.o $(LIBOBJS)
	$(Q)objcopy --wildcard --keep-global-symbol='blz_*' $(B)/libblazon.o
	@rm -f $@; ar rcs $@ $(B)/libblazon.o

# tests/unit/FOLDER_subject.c links FOLDER and what stands left of it
.SECONDEXPANSION:
left_of   = $(if $(filter $(1),$(DIRS)),$(shell for d in $(DIRS); do echo $$d; [ $$d = $(1) ] && break; done),$(DIRS))
folder_of = $(firstword $(subst _, ,$(notdir $(1))))
$(UNIT): $(B)/tests/unit/%: $(B)/tests/unit/%.o $$(foreach d,$$(call left_of,$$(call folder_of,$$*)),$(B)/lib$$d.a)
	$(if $(V),,@echo "  LD $@")
	$(call link,$<,-lcmocka)
# the page of `blazon report` is put in as it is
$(B)/cli/report_html.o: cli/report_page.css cli/report_page.js $(wildcard third_party/uplot/*)
DIFFOBJS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/diff/*.c))
$(B)/tests/diff/diff: $(DIFFOBJS) $(ARCHIVES)
	$(if $(V),,@echo "  LD $@")
	$(call link,$(DIFFOBJS))
$(FUZZERS): $(B)/fuzz/%: $(B)/fuzz/%.o $(ARCHIVES)
	$(if $(V),,@echo "  LD $@")
	$(call link,$< -fsanitize=fuzzer)
# a benchmark may hold hand-written loops to compare with: same flags, no more
BENCH_LUAJIT := $(if $(shell pkg-config --exists luajit 2>/dev/null && echo yes),-DHAVE_LUAJIT $(shell pkg-config --cflags luajit 2>/dev/null))
BENCH_HYPERSCAN := $(if $(shell pkg-config --exists libhs 2>/dev/null && echo yes),-DHAVE_HYPERSCAN $(shell pkg-config --cflags libhs 2>/dev/null))
$(B)/bench/%.o: ALL_CFLAGS += $(BENCH_LUAJIT) $(BENCH_HYPERSCAN)
$(BENCHES): $(B)/bench/%: $(B)/bench/%.o $(ARCHIVES)
	$(if $(V),,@echo "  LD $@")
	$(call link,$<,$(if $(BENCH_LUAJIT),$(shell pkg-config --libs luajit 2>/dev/null)) $(if $(BENCH_HYPERSCAN),$(shell pkg-config --libs libhs 2>/dev/null)))
.PHONY: fuzz-build bench-build
fuzz-build: $(FUZZERS)
bench-build: $(BENCHES)

##@ Testing
.PHONY: check check-quick unit golden diff sanitize asan ubsan valgrind cli fuzz examples docs layers symbols format format-check bless cover
check: ## everything that CI runs; installs what is missing; the last line is `N passed, N failed`
	@sh tools/install-deps.sh check
	@tests/run.sh full
check-quick: ## build, unit tests, golden tests, command line tests, examples, the code in the documentation, layers, format
	@tests/run.sh quick
unit: ## unit tests, the golden and conformance tests among them
	@tests/run.sh build unit
golden: ## golden and conformance tests only
	@tests/run.sh golden
diff: ## random programs, virtual machine against reference evaluator (CASES=100000 SEED=1)
	@tests/run.sh diff
sanitize: ## unit tests by clang with both sanitizers, as `make check` runs them
	@tests/run.sh sanitize
asan: ## unit tests with AddressSanitizer (gcc)
	@tests/run.sh asan
ubsan: ## unit tests with UndefinedBehaviorSanitizer (gcc)
	@tests/run.sh ubsan
threads: ## unit tests that start threads, with ThreadSanitizer (gcc)
	@tests/run.sh threads
valgrind: ## golden tests under valgrind
	@tests/run.sh valgrind
cli: ## the command line tool's tests, tests/cli/*.sh
	@tests/run.sh cli
fuzz: ## every fuzz target from its seeds (FUZZ_SECONDS=10 each)
	@tests/run.sh fuzz
examples: ## the examples, run and compared with what they are known to find
	@tests/run.sh examples
docs: ## the code in the documentation, run
	@tests/run.sh docs
layers: ## no file includes to its right
	@tools/layers.sh
symbols: lib ## nothing but blz_* leaves the library; it neither prints nor exits
	@tools/symbols.sh $(B) $(B)/$(SONAME) $(B)/libblazon.a
format-check: ## tabs, trailing blanks, width, ends of files; the examples as `blazon fmt` lays them out
	@tools/format.sh
format: all ## repair what format-check finds
	@tools/format.sh --fix
bless: ## rewrite the golden tests' expectations and the generated pages of docs/; read the diff before committing it
	@BLESS=1 tests/run.sh golden
	@$(MAKE) -s build/release/tests/unit/stdlib_docs build/release/tests/unit/vm_pages build/release/tests/unit/vm_bundle
	@for t in stdlib_docs vm_pages vm_bundle; do BLESS=1 build/release/tests/unit/$$t > /dev/null || exit 1; done
	@BLESS=1 BLAZON=build/release/blazon bash tests/cli/pages.sh > /dev/null
cover: ## line coverage of the library by the unit tests, a folder a line
	@tools/cover.sh

##@ Running
.PHONY: demo bench
demo: ## install what is missing, build, make the example library, validate it
	@sh tools/install-deps.sh demo
	@$(MAKE) --no-print-directory -j2 all
	@examples/demo.sh $(B)/blazon
bench: ## measure, print ratios (see bench/README.md)
	@$(MAKE) --no-print-directory -j2 all bench-build
	@bench/run.sh $(B)

##@ Installing
.PHONY: deps install uninstall dist clean
deps: ## install the packages that building and testing need (apt)
	@sh tools/install-deps.sh check

INSTALLED := $(PREFIX)/bin/blazon $(PREFIX)/include/blazon.h $(PREFIX)/include/blazon_native.h $(LIBDIR)/libblazon.a $(LIBDIR)/libblazon.so $(LIBDIR)/$(SONAME) \
  $(LIBDIR)/pkgconfig/blazon.pc $(DATADIR)/man/man1/blazon.1 $(DATADIR)/bash-completion/completions/blazon \
  $(DATADIR)/zsh/site-functions/_blazon $(DATADIR)/fish/vendor_completions.d/blazon.fish $(DATADIR)/doc/blazon
install: all lib ## the tool, the libraries, header, pkg-config file, manual, completions, examples (DESTDIR, PREFIX=/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 755 $(B)/blazon $(DESTDIR)$(PREFIX)/bin/blazon
	install -m 644 include/blazon.h include/blazon_native.h $(DESTDIR)$(PREFIX)/include/
	install -m 755 $(B)/$(SONAME) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libblazon.so
	install -m 644 $(B)/libblazon.a $(DESTDIR)$(LIBDIR)/libblazon.a
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|' -e 's|@VERSION@|$(VERSION)|' -e 's|@PKGS@|$(PKGS)|' tools/blazon.pc.in \
	  > $(DESTDIR)$(LIBDIR)/pkgconfig/blazon.pc
	install -d $(DESTDIR)$(DATADIR)/man/man1 $(DESTDIR)$(DATADIR)/bash-completion/completions $(DESTDIR)$(DATADIR)/zsh/site-functions \
	  $(DESTDIR)$(DATADIR)/fish/vendor_completions.d
	$(B)/blazon help --man > $(DESTDIR)$(DATADIR)/man/man1/blazon.1
	$(B)/blazon completions bash > $(DESTDIR)$(DATADIR)/bash-completion/completions/blazon
	$(B)/blazon completions zsh > $(DESTDIR)$(DATADIR)/zsh/site-functions/_blazon
	$(B)/blazon completions fish > $(DESTDIR)$(DATADIR)/fish/vendor_completions.d/blazon.fish
	install -d $(DESTDIR)$(DATADIR)/doc/blazon
	cp -R LICENSE README.md CHANGELOG.md docs examples third_party $(DESTDIR)$(DATADIR)/doc/blazon/
uninstall: ## remove what install put there
	rm -rf $(addprefix $(DESTDIR),$(INSTALLED))
dist: ## build/blazon-VERSION.tar.gz of what is committed
	@mkdir -p $(BUILD)
	git archive --format=tar.gz --prefix=blazon-$(VERSION)/ -o $(BUILD)/blazon-$(VERSION).tar.gz HEAD
	@echo $(BUILD)/blazon-$(VERSION).tar.gz
clean: ## remove build/
	rm -rf $(BUILD)

##@ Help
.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z-]*:.*## / { name = $$1; sub(/:.*/, "", name); printf "  %-14s %s\n", name, $$2 }' Makefile
	@printf '\nVariables: V=1 shows commands, VARIANT=release|clang|asan|ubsan|cover|fuzz, BUILD=build, CC, CFLAGS, LDFLAGS.\n'

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# Blazon. `make help` lists the targets.
.DEFAULT_GOAL := all
SHELL := /bin/bash

CC       ?= gcc
VARIANT  ?= release
BUILD    ?= build
B        := $(BUILD)/$(VARIANT)
Q        := $(if $(V),,@)

# Folders from left to right: a file may include only its own folder and those to its left (see `make layers`).
DIRS     := base lexer parser compiler reference vm stdlib runtime
PKGS     := sqlite3 libffi libpcre2-8 yajl nettle libxxhash icu-uc icu-i18n
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm -lpthread -ldl

WARN     := -Wall -Wextra -Wconversion -Wshadow=local -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla -Werror
ifneq (,$(findstring clang,$(CC)))
WARN     := $(subst -Wshadow=local,-Wshadow,$(WARN)) -Wno-sign-conversion -Wno-shadow
endif
STD      := -std=gnu11 -D_GNU_SOURCE -ffp-contract=off -fno-strict-aliasing -fPIC -fvisibility=hidden -pthread
OPT_release := -O2 -g
OPT_asan    := -O1 -g -fsanitize=address -fno-omit-frame-pointer
OPT_ubsan   := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
OPT_cover   := -O0 -g --coverage
OPT_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer
OPT      := $(OPT_$(VARIANT))
CFLAGS   ?=
ALL_CFLAGS := $(STD) $(OPT) $(WARN) -I. -Iinclude -I$(B) $(PKG_CFLAGS) $(CFLAGS)
LDFLAGS  ?=
ALL_LDFLAGS := $(OPT) -pthread $(LDFLAGS)
FLEX     ?= flex
BISON    ?= bison

srcs      = $(wildcard $(1)/*.c)
LEXGEN   := $(B)/lexer/scan.c
PARGEN   := $(B)/parser/grammar.c
objs      = $(patsubst %.c,$(B)/%.o,$(call srcs,$(1))) $(if $(filter lexer,$(1)),$(LEXGEN:.c=.o)) $(if $(filter parser,$(1)),$(PARGEN:.c=.o))
LIBOBJS  := $(foreach d,$(DIRS),$(call objs,$d))
CLIOBJS  := $(call objs,cli)
LIB      := $(B)/libblazon-all.a
UNIT     := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*.c))
GENHDRS  := $(B)/parser/grammar.h

.PHONY: all
all: $(B)/blazon

$(B)/parser/grammar.c $(B)/parser/grammar.h &: parser/grammar.y
	@mkdir -p $(@D)
	$(Q)$(BISON) -Wall -Werror -Wcounterexamples -o $(B)/parser/grammar.c --header=$(B)/parser/grammar.h $<
$(LEXGEN): lexer/scan.l
	@mkdir -p $(@D)
	$(Q)$(FLEX) -o $@ $<

$(B)/%.o: %.c | $(GENHDRS)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC $<")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/%.o: $(B)/%.c | $(GENHDRS)
	$(if $(V),,@echo "  CC $<")
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-conversion -Wno-sign-conversion -Wno-switch-enum -Wno-unused-function -Wno-missing-prototypes -MMD -MP -c -o $@ $<

# one archive a folder, so that a unit test links only what its layer may use
define dir_archive
$(B)/lib$(1).a: $(call objs,$(1))
	@rm -f $$@; ar rcs $$@ $$^
endef
$(foreach d,$(DIRS),$(eval $(call dir_archive,$d)))
ARCHIVES := $(foreach d,$(DIRS),$(B)/lib$d.a)

$(B)/blazon: $(CLIOBJS) $(ARCHIVES)
	$(if $(V),,@echo "  LD $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(CLIOBJS) -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(PKG_LIBS)

# tests/unit/FOLDER_subject.c links FOLDER and what stands left of it
.SECONDEXPANSION:
left_of   = $(if $(filter $(1),$(DIRS)),$(shell for d in $(DIRS); do echo $$d; [ $$d = $(1) ] && break; done),$(DIRS))
folder_of = $(firstword $(subst _, ,$(notdir $(1))))
$(B)/tests/unit/%: $(B)/tests/unit/%.o $$(foreach d,$$(call left_of,$$(call folder_of,$$*)),$(B)/lib$$d.a)
	$(if $(V),,@echo "  LD $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lcmocka $(PKG_LIBS)

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(shell find $(B) -name '*.d' 2>/dev/null)

/* blazon help, blazon completions: everything that follows from the command tables, the manual page included. */
#include "cli/cli.h"

#include "blazon.h"

#include <stdio.h>
#include <string.h>

static const command *by_name(const char *name) {
  for (size_t i = 0; commands[i]; i++)
    if (strcmp(commands[i]->name, name) == 0) return commands[i];
  return NULL;
}

/* Words broken at column 100, later lines indented. */
static void wrapped(out *o, const char *text, int indent, int at) {
  bool space = false;
  while (*text) {
    if (*text == ' ') { space = true, text++; continue; }
    int n = (int)strcspn(text, " \n");
    if (*text == '\n' || (space && at + 1 + n > 100)) {
      out_fmt(o, "\n%*s", indent, "");
      at = indent, space = false;
      if (*text == '\n') { text++; continue; }
    }
    if (space) out_ch(o, ' '), at++;
    out_add(o, text, (size_t)n);
    at += n, text += n, space = false;
  }
  out_ch(o, '\n');
}

static int option_head(char *buf, size_t size, const opt *o) {
  const char *arg = o->choices && strlen(o->choices) < 24 ? o->choices : o->arg;
  char letter[8] = "    ";
  if (o->letter) snprintf(letter, sizeof letter, "-%c, ", o->letter);
  return snprintf(buf, size, "%s--%s%s%s", letter, o->name, arg ? " " : "", arg ? arg : "");
}

static void list_options(out *o, const command *cmd) {
  char head[96];
  for (const opt *p = cmd->opts; p->name; p++) {
    int n = option_head(head, sizeof head, p);
    out_z(o, "  ");
    out_style(o, S_BOLD);
    out_z(o, head);
    out_style(o, S_PLAIN);
    if (n > 26) out_fmt(o, "\n%30s", ""), n = 26;
    else out_fmt(o, "%*s", 28 - n, "");
    wrapped(o, p->help, 30, 30);
    if (p->choices && strlen(p->choices) >= 24) out_fmt(o, "%30s%s: %s\n", "", p->arg, p->choices);
  }
}

static void help_command(out *o, const command *cmd) {
  out_fmt(o, "%s\n\nusage: blazon %s %s\n", cmd->summary, cmd->name, cmd->synopsis);
  if (cmd->about) {
    out_ch(o, '\n');
    wrapped(o, cmd->about, 0, 0);
  }
  if (cmd->opts->name) out_z(o, "\noptions:\n");
  list_options(o, cmd);
  if (cmd->examples) out_fmt(o, "\nexamples:\n%s", cmd->examples);
}

/* What is said before the first command of each group. */
static const char *group_of(const char *first) {
  static const char *const groups[][2] = {
    { "check", "rules over data" },
    { "match", "audiences and templates" },
    { "decide", "choices and experiments" },
    { "fmt", "writing rules" },
    { "build", "for programs and shells" },
  };
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (strcmp(groups[i][0], first) == 0) return groups[i][1];
  return NULL;
}

static void help_all(out *o) {
  out_z(o, "Blazon checks what a brand's content says and shows against the rules that the brand has written down.\n\nusage: "
           "blazon COMMAND ...\n");
  for (size_t i = 0; commands[i]; i++) {
    const char *group = group_of(commands[i]->name);
    if (group) out_fmt(o, "\n%s:\n", group);
    out_z(o, "  ");
    out_style(o, S_BOLD);
    out_fmt(o, "%-12s", commands[i]->name);
    out_style(o, S_PLAIN);
    wrapped(o, commands[i]->summary, 14, 14);
  }
  out_z(o, "\n`blazon help COMMAND` tells all about one; `blazon --version` tells the version and those of the libraries that "
           "matter to results.\n"
           "\nexit codes:\n"
           "  0  all good\n"
           "  1  findings at or above --fail-on (default: error)\n"
           "  2  the rules do not compile\n"
           "  3  data, files or the environment could not be read or written\n"
           "  4  the command line is not understood\n");
}

/* ---- the manual page ---- */

static void roff(out *o, const char *text) { /* a line that begins with . or ' would be a request */
  bool first = true;
  for (; *text; text++) {
    if (first && (*text == '.' || *text == '\'')) out_z(o, "\\&");
    if (*text == '\\') out_z(o, "\\e");
    else if (*text == '-') out_z(o, "\\-");
    else out_ch(o, *text);
    first = *text == '\n';
  }
}

static void man_command(out *o, const command *cmd) {
  out_z(o, ".SS \"blazon ");
  roff(o, cmd->name);
  out_ch(o, ' ');
  roff(o, cmd->synopsis);
  out_z(o, "\"\n");
  roff(o, cmd->summary);
  out_ch(o, '\n');
  if (cmd->about) {
    out_z(o, ".PP\n");
    roff(o, cmd->about);
    out_ch(o, '\n');
  }
  for (const opt *p = cmd->opts; p->name; p++) {
    out_z(o, ".TP\n\\fB");
    if (p->letter) out_fmt(o, "\\-%c\\fR, \\fB", p->letter);
    out_z(o, "\\-\\-");
    roff(o, p->name);
    out_z(o, "\\fR");
    if (p->arg) {
      out_z(o, " \\fI");
      roff(o, p->choices ? p->choices : p->arg);
      out_z(o, "\\fR");
    }
    out_ch(o, '\n');
    roff(o, p->help);
    out_ch(o, '\n');
  }
  if (cmd->examples) {
    out_z(o, ".PP\nExamples:\n.PP\n.nf\n");
    roff(o, cmd->examples);
    out_z(o, ".fi\n");
  }
}

static void man_page(out *o) {
  out_fmt(o,
          ".TH BLAZON 1 \"\" \"blazon %s\" \"User Commands\"\n.SH NAME\nblazon \\- rules, metadata and targeting for a brand's "
          "content\n",
          blz_version());
  out_z(o, ".SH SYNOPSIS\n.B blazon\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIFILE\\fR]...\n.SH DESCRIPTION\n"
           "Blazon checks what a brand's content says and shows against rules that the brand has written down in files ending in "
           ".blz.\n"
           "Rules are given as files, as folders (all .blz files below them), or as one bundle made by\n.BR \"blazon build\" "
           ".\n.SH COMMANDS\n");
  for (size_t i = 0; commands[i]; i++) man_command(o, commands[i]);
  out_z(o, ".SH EXIT STATUS\n.TP\n0\nAll good.\n.TP\n1\nFindings at or above \\-\\-fail\\-on (default: error).\n.TP\n2\nThe "
           "rules do not compile.\n.TP\n3\n"
           "Data, files or the environment could not be read or written.\n.TP\n4\nThe command line is not understood.\n"
           ".SH ENVIRONMENT\n.TP\nNO_COLOR\nWhen set and not empty, no colors unless \\-\\-color=always is given.\n.TP\nTMPDIR\n"
           "Where look-ups into large data files keep their temporary database.\n");
}

static int run_help(cli *c, const args *a) {
  if (args_has(a, "man")) man_page(c->out);
  else if (!a->nfiles) help_all(c->out);
  else {
    const command *cmd = by_name(a->files[0]);
    if (!cmd) return cli_usage(c, NULL, "unknown command `%s`; `blazon help` lists the commands", a->files[0]);
    help_command(c->out, cmd);
  }
  return cli_finish(c, X_GOOD);
}

static const opt help_opts[] = { { "man", 0, NULL, NULL, "Print the manual page as roff." }, OPT_COLOR, OPT_END };
const command cmd_help = {
  "help", "[COMMAND]", "Show help about a command, or list the commands.", NULL, help_opts, 0, 1, "a command", run_help, NULL
};

/* ---- completions ---- */

static void bash(out *o) {
  out_z(o, "# bash completion for blazon; made by `blazon completions bash`\n_blazon() {\n  local cur=${COMP_WORDS[COMP_CWORD]} "
           "prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
           "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W \"");
  for (size_t i = 0; commands[i]; i++) out_fmt(o, "%s%s", i ? " " : "", commands[i]->name);
  out_z(o, "\" -- \"$cur\"))\n    return\n  fi\n  case ${COMP_WORDS[1]}:$prev in\n");
  for (size_t i = 0; commands[i]; i++)
    for (const opt *p = commands[i]->opts; p->name; p++) {
      if (!p->choices) continue;
      out_fmt(o, "    %s:--%s) words=\"", commands[i]->name, p->name);
      for (const char *q = p->choices; *q; q++) out_ch(o, *q == '|' ? ' ' : *q);
      out_z(o, "\" ;;\n");
    }
  out_z(o, "    help:*) words=\"");
  for (size_t i = 0; commands[i]; i++) out_fmt(o, "%s%s", i ? " " : "", commands[i]->name);
  out_z(o, "\" ;;\n  esac\n  if [ -z \"$words\" ] && [[ $cur == -* ]]; then\n    case ${COMP_WORDS[1]} in\n");
  for (size_t i = 0; commands[i]; i++) {
    out_fmt(o, "      %s) words=\"", commands[i]->name);
    for (const opt *p = commands[i]->opts; p->name; p++) out_fmt(o, "--%s ", p->name);
    out_z(o, "--help\" ;;\n");
  }
  out_z(o, "    esac\n  fi\n  if [ -n \"$words\" ]; then\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n  else\n    "
           "COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\n"
           "complete -o filenames -F _blazon blazon\n");
}

static void zsh_text(out *o, const char *text) {
  for (; *text; text++) {
    if (*text == '\'') out_z(o, "'\\''");
    else if (strchr("[]:", *text)) out_fmt(o, "\\%c", *text);
    else out_ch(o, *text);
  }
}

static void zsh(out *o) {
  out_z(o, "#compdef blazon\n# zsh completion for blazon; made by `blazon completions zsh`\n_blazon() {\n  local -a commands\n  "
           "commands=(\n");
  for (size_t i = 0; commands[i]; i++) {
    out_fmt(o, "    '%s:", commands[i]->name);
    zsh_text(o, commands[i]->summary);
    out_z(o, "'\n");
  }
  out_z(o, "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n  case $words[2] in\n");
  for (size_t i = 0; commands[i]; i++) {
    out_fmt(o, "    %s) _arguments -s", commands[i]->name);
    for (const opt *p = commands[i]->opts; p->name; p++) {
      out_fmt(o, " \\\n      '*--%s%s[", p->name, p->arg ? "=" : "");
      zsh_text(o, p->help);
      out_ch(o, ']');
      if (p->choices) {
        out_fmt(o, ":%s:(", p->name);
        for (const char *q = p->choices; *q; q++) out_ch(o, *q == '|' ? ' ' : *q);
        out_ch(o, ')');
      } else if (p->arg) out_fmt(o, ":%s:_files", p->name);
      out_ch(o, '\'');
    }
    out_z(o, " \\\n      '*:file:_files' ;;\n");
  }
  out_z(o, "  esac\n}\n_blazon \"$@\"\n");
}

static void fish(out *o) {
  out_z(o, "# fish completion for blazon; made by `blazon completions fish`\n");
  for (size_t i = 0; commands[i]; i++) {
    out_fmt(o, "complete -c blazon -f -n __fish_use_subcommand -a %s -d '", commands[i]->name);
    for (const char *q = commands[i]->summary; *q; q++) out_fmt(o, *q == '\'' ? "\\%c" : "%c", *q);
    out_z(o, "'\n");
    for (const opt *p = commands[i]->opts; p->name; p++) {
      out_fmt(o, "complete -c blazon -n '__fish_seen_subcommand_from %s' -l %s", commands[i]->name, p->name);
      if (p->letter) out_fmt(o, " -s %c", p->letter);
      if (p->choices) {
        out_z(o, " -x -a '");
        for (const char *q = p->choices; *q; q++) out_ch(o, *q == '|' ? ' ' : *q);
        out_ch(o, '\'');
      } else if (p->arg) out_z(o, " -r");
      out_z(o, " -d '");
      for (const char *q = p->help; *q; q++) out_fmt(o, *q == '\'' ? "\\%c" : "%c", *q);
      out_z(o, "'\n");
    }
  }
}

static int run_completions(cli *c, const args *a) {
  const char *shell = a->files[0];
  if (strcmp(shell, "bash") == 0) bash(c->out);
  else if (strcmp(shell, "zsh") == 0) zsh(c->out);
  else if (strcmp(shell, "fish") == 0) fish(c->out);
  else return cli_usage(c, a->cmd, "there are completions for bash, zsh and fish, not for `%s`", shell);
  return cli_finish(c, X_GOOD);
}

static const opt no_opts[] = { OPT_END };
const command cmd_completions = { "completions", "bash|zsh|fish", "Print the completion script of a shell.", NULL, no_opts, 1, 1,
                                  "a shell",     run_completions, "  source <(blazon completions bash)\n" };

/* The grammar: LALR(1) without conflicts. One line a rule; an action only calls a function of build.c. The tree is described in
 * ast.def, the tokens in the lexer, recovery in filter.c, messages in message.c.
 *
 * One clause list serves all blocks: which clause belongs where is the checker's business, with better messages than a grammar
 * gives. Every list has an `error` alternative, so that all errors of a file come out in one run. */
%require "3.8"
%define api.pure full
%define api.prefix {syn_}
%define api.token.prefix {T_}
%define api.value.type union
%define api.location.type {span}
%define parse.lac full
%define parse.error custom
%locations
%param { parser *p }
%expect 0
%start input
%initial-action { @$ = (span){ p->f->base, p->f->base }; }

%code requires {
#include "parser/parse.h"
}
%code provides {
extern const short parse_token_kinds[LEX_KIND_END - LEX_FIRST_NAMED];
}
%code {
/* Bison's only allocation sites are yyparse, which has p, and the exploratory stack of LAC, which has not. That one starts with room
 * for 20 states beyond the real stack, and a look ahead pushes fewer: it never grows. Its copy of this macro sees the constant. */
static parser *const p = NULL;
#define YYMALLOC(n) (p ? arena_alloc(p->a, (n)) : NULL)
#define YYFREE(x) ((void)(x))
#define YYMAXDEPTH 12000

#define YYLLOC_DEFAULT(cur, rhs, n) \
  ((cur) = (n) ? (span){ YYRHSLOC(rhs, 1).beg, YYRHSLOC(rhs, n).end } : (span){ YYRHSLOC(rhs, 0).end, YYRHSLOC(rhs, 0).end })
#define RECOVER(level) do { yyerrok; if (parse_resync(p, (level))) yyclearin; } while (0)
/* In a hole, recovery proper begins where the hole ends; until then bison drops tokens, which is what makes progress. */
#define HOLE_RECOVER do { if (p->tok.kind == LEX_MID || p->tok.kind == LEX_TAIL) yyerrok; } while (0)

static int syn_lex(SYN_STYPE *value, span *sp, parser *ps);
static void syn_error(span *sp, parser *ps, const char *message);
}

%token END 0
%token UNDEF FILE_START EXPR_START ORPHAN_BLOCK ORPHAN_FIELDS
%token <token> NAME TEXT HEAD MID TAIL FORMAT RAW INT DEC PERCENT RATIO COLOR DATE TIME
%token DOTDOT ".." ARROW "->" EQ "==" NE "!=" LE "<=" GE ">=" COALESCE "??"
/* declarations */
%token MODULE "module" IMPORT "import" TYPE "type" RECORD "record" SOURCE "source" PALETTE "palette" TERMS "terms" TABLE "table"
%token LET "let" FN "fn" EXTERN "extern" RULE "rule" RULESET "ruleset" WAIVE "waive" AUDIENCE "audience" EXPERIMENT "experiment"
%token CHOOSE "choose" TEMPLATE "template" TEST "test"
/* clauses */
%token REQUIRE "require" FORBID "forbid" AT "at" OTHERWISE "otherwise" FIX "fix" FROM "from" OVER "over" BY "by" SLOT "slot"
%token PREFER "prefer" GIVEN "given" EXPECT "expect" EXCEPT "except"
/* expressions */
%token AND "and" OR "or" NOT "not" IN "in" IF "if" THEN "then" ELSE "else" EVERY "every" SOME "some" NO "no" FOR "for" WHERE "where"
%token IMPLIES "implies" EXISTS "exists" MISSING "missing" CONTAINS "contains" MATCHES "matches" PASSES "passes" FAILS "fails"
%token UNDERSCORE "_"
/* soft: they only continue a form and stay usable as names */
%token <token> LIST "list" MAP "map" EXACT "exact" OF "of" KEY "key" UNIQUE "unique" SPLIT "split" DEFAULT "default" ANY "any"
%token <token> SAYING "saying" IGNORING "ignoring" CASE "case" PER "per" DUNIT SUNIT

%precedence UNCLOSED              /* a missing }: only where nothing else fits */
%precedence error "let"
%precedence OPEN
%right "implies"
%left "or"
%left "and"
%precedence "not"
%precedence LONE                  /* an operand of ?? that is taken as one before it is taken as arithmetic */
%precedence "??"
%left '+' '-'
%left '*' '/'

%nterm <token> name soft
%nterm <span> open chain_op mix_op
%nterm <int> exact ignoring cmpop relop addop mulop quant sep
%nterm <bool> close
%nterm <node> item let type core scalar bound range field option optvalue modifier param paramlist number num simple const path dotted
%nterm <node> swatch term row cell result member arm clause for optfor bind binder at message expr test operand arith default unary
%nterm <node> postfix primary arg text label listed_const
%nterm <nodes> parts tparts names bounds union fields modifiers params optparams consts colors entries rows cells outs set members
%nterm <nodes> arms clauses block optvalues holes args list

%%
input: FILE_START items
     | EXPR_START expr                          { p->expr = $expr; } ;

items: %empty
     | items item                               { file_add(p, $item); }
     | items error                              { RECOVER(SYNC_FILE); } ;

item: "module" path                             { $$ = mk_a(p, AST_MODULE, @$, $path); }
    | "import" path                             { $$ = mk_a(p, AST_IMPORT, @$, $path); }
    | "import" path '(' names ')'               { $$ = with_flags(with_list(p, mk_a(p, AST_IMPORT, @$, $path), $names), AST_LISTED); }
    | "type" name '=' type                      { $$ = mk_named(p, AST_TYPE, @$, $name, $4, NULL, NULL); }
    | "record" name exact open fields close[ok]
        { $$ = with_flags(with_list(p, mk_named(p, AST_RECORD, @$, $name, NULL, NULL, NULL), $fields), $exact); if (!$ok) parse_unclosed(p, $open, @ok, "record"); }
    | "source" name ':' path                    { $$ = mk_named(p, AST_SOURCE, @$, $name, $path, NULL, NULL); }
    | "source" name ':' path "from" label       { $$ = mk_named(p, AST_SOURCE, @$, $name, $path, $label, NULL); }
    | "palette" name open colors close[ok]
        { $$ = with_list(p, mk_named(p, AST_PALETTE, @$, $name, NULL, NULL, NULL), $colors); if (!$ok) parse_unclosed(p, $open, @ok, "palette"); }
    | "terms" name ignoring open entries close[ok]
        { $$ = with_flags(with_list(p, mk_named(p, AST_TERMS, @$, $name, NULL, NULL, NULL), $entries), $ignoring); if (!$ok) parse_unclosed(p, $open, @ok, "terms"); }
    | "terms" name ignoring "from" label        { $$ = with_flags(mk_named(p, AST_TERMS, @$, $name, NULL, $label, NULL), $ignoring); }
    | "table" name '(' paramlist ')' "->" result open rows close[ok]
        { $$ = with_list(p, mk_named(p, AST_TABLE, @$, $name, $paramlist, $result, NULL), $rows); if (!$ok) parse_unclosed(p, $open, @ok, "table"); }
    | let
    | "fn" name '(' optparams ')' "->" type '=' expr
        { $$ = mk_named(p, AST_FN, @$, $name, mk_list(p, AST_PARAMS, @optparams, $optparams), $type, $expr); }
    | "extern" "fn" name '(' optparams ')' "->" type "from" label
        { $$ = mk_named(p, AST_EXTERN, @$, $name, mk_list(p, AST_PARAMS, @optparams, $optparams), $type, $label); }
    | "rule" name optfor block                  { $$ = with_list(p, mk_named(p, AST_RULE, @$, $name, $optfor, NULL, NULL), $block); }
    | "ruleset" name open members close[ok]
        { $$ = with_list(p, mk_named(p, AST_RULESET, @$, $name, NULL, NULL, NULL), $members); if (!$ok) parse_unclosed(p, $open, @ok, "ruleset"); }
    | "waive" path "for" consts block           { $$ = mk_waive(p, @$, $path, $consts, $block); }
    | "audience" name for                       { $$ = mk_named(p, AST_AUDIENCE, @$, $name, $for, NULL, NULL); }
    | "experiment" name for open arms close[ok]
        { $$ = with_list(p, mk_named(p, AST_EXPERIMENT, @$, $name, $for, NULL, NULL), $arms); if (!$ok) parse_unclosed(p, $open, @ok, "experiment"); }
    | "choose" name for block                   { $$ = with_list(p, mk_named(p, AST_CHOOSE, @$, $name, $for, NULL, NULL), $block); }
    | "template" name for block                 { $$ = with_list(p, mk_named(p, AST_TEMPLATE, @$, $name, $for, NULL, NULL), $block); }
    | "test" label block                        { $$ = with_list(p, mk_ab(p, AST_TEST, @$, $label, NULL), $block); }
    | "test" label "for" "any" param block      { $$ = with_list(p, mk_ab(p, AST_TEST, @$, $label, $param), $block); }
    | ORPHAN_BLOCK block                        { $$ = mk(p, AST_ERROR, @$); } /* behind a header that could not be read */
    | ORPHAN_FIELDS open fields close           { $$ = mk(p, AST_ERROR, @$); }
    ;

/* ---- names ---- */
name: NAME | soft ;
soft: LIST | MAP | EXACT | OF | KEY | UNIQUE | SPLIT | DEFAULT | ANY | SAYING | IGNORING | CASE | PER | DUNIT | SUNIT ;
path: parts                                     { $$ = mk_path(p, @$, $parts); } ;
parts: name                                     { $$ = list_new(mk_name(p, @$, $name)); }
     | parts '.' NAME                           { $$ = list_add($1, mk_name(p, @NAME, $NAME)); } ;
dotted: tparts                                  { $$ = mk_path(p, @$, $tparts); } ;
tparts: NAME                                    { $$ = list_new(mk_name(p, @$, $NAME)); }
      | tparts '.' NAME                         { $$ = list_add($1, mk_name(p, @NAME, $NAME)); } ;
names: name                                     { $$ = list_new(mk_name(p, @$, $name)); }
     | names ',' name                           { $$ = list_add($1, mk_name(p, @name, $name)); } ;
label: TEXT                                     { $$ = mk_text(p, @$, $TEXT); } ;
exact: %empty { $$ = 0; } | "exact"             { $$ = AST_EXACT; } ;
ignoring: %empty { $$ = 0; } | "ignoring" "case" { $$ = AST_IGNORING_CASE; } ;

/* ---- types ---- */
type: core | core '?'                           { $$ = with_flags($core, AST_OPTIONAL); $$->sp = @$; } ;
core: scalar bounds                             { $$ = with_list(p, $scalar, $bounds); $$->sp = @$; }
    | "map" "of" core                           { $$ = mk_type_list(p, AST_TYPE_MAP, @$, $3, NULL); }
    | "list" "of" core                          { $$ = mk_type_list(p, AST_TYPE_LIST, @$, $3, NULL); }
    | "list" range "of" core                    { $$ = mk_type_list(p, AST_TYPE_LIST, @$, $4, $range); } ;
scalar: dotted                                  { $$ = mk_a(p, AST_TYPE_NAME, @$, $dotted); }
      | "->" path                               { $$ = mk_a(p, AST_TYPE_REF, @$, $path); }
      | union                                   { $$ = mk_a(p, AST_TYPE_UNION, @$, mk_list(p, AST_GROUP, @$, $union)); } ;
union: label                                    { $$ = list_new($label); }
     | union '|' label                          { $$ = list_add($1, $label); } ;
bounds: %empty                                  { $$ = (nodes){ 0 }; }
      | bounds bound                            { $$ = list_add($1, $bound); } ;
bound: range
     | relop num                                { $$ = with_op(mk_a(p, AST_BOUND_CMP, @$, $num), $relop); }
     | "matches" RAW                            { $$ = mk_a(p, AST_BOUND_MATCH, @$, mk_literal(p, AST_RAW, @RAW, $RAW)); } ;
range: num[low] ".." num[high]                  { $$ = mk_ab(p, AST_BOUND_RANGE, @$, $low, $high); } ;
relop: '<' { $$ = OP_LT; } | "<=" { $$ = OP_LE; } | '>' { $$ = OP_GT; } | ">=" { $$ = OP_GE; } ;
fields: %empty                                  { $$ = (nodes){ 0 }; }
      | fields field                            { $$ = list_doc(p, $1, $field); }
      | fields option                           { $$ = list_doc(p, $1, $option); }
      | fields error                            { $$ = $1; RECOVER(SYNC_BLOCK); } ;
field: NAME ':' type modifiers                  { $$ = with_list(p, mk_named(p, AST_FIELD, @$, $NAME, $type, NULL, NULL), $modifiers); } ;
modifiers: %empty                               { $$ = (nodes){ 0 }; }
         | modifiers modifier                   { $$ = list_add($1, $modifier); } ;
modifier: "key"                                 { $$ = with_op(mk(p, AST_MODIFIER, @$), MOD_KEY); }
        | "unique"                              { $$ = with_op(mk(p, AST_MODIFIER, @$), MOD_UNIQUE); }
        | "from" label                          { $$ = with_op(mk_a(p, AST_MODIFIER, @$, $label), MOD_FROM); }
        | "split" label                         { $$ = with_op(mk_a(p, AST_MODIFIER, @$, $label), MOD_SPLIT); }
        | "default" const                       { $$ = with_op(mk_a(p, AST_MODIFIER, @$, $const), MOD_DEFAULT); } ;
param: NAME ':' type                            { $$ = mk_named(p, AST_PARAM, @$, $NAME, $type, NULL, NULL); } ;
params: param                                   { $$ = list_new($param); }
      | params ',' param                        { $$ = list_add($1, $param); } ;
optparams: %empty { $$ = (nodes){ 0 }; } | params ;
paramlist: params                               { $$ = mk_list(p, AST_PARAMS, @$, $params); } ;

/* ---- constants ---- */
number: INT                                     { $$ = mk_literal(p, AST_INT, @$, $1); }
      | DEC                                     { $$ = mk_literal(p, AST_DEC, @$, $1); }
      | PERCENT                                 { $$ = mk_literal(p, AST_PERCENT, @$, $1); }
      | RATIO                                   { $$ = mk_literal(p, AST_RATIO, @$, $1); }
      | INT DUNIT                               { $$ = mk_quantity(p, @$, $1, $2); }
      | DEC DUNIT                               { $$ = mk_quantity(p, @$, $1, $2); }
      | INT SUNIT                               { $$ = mk_quantity(p, @$, $1, $2); }
      | DEC SUNIT                               { $$ = mk_quantity(p, @$, $1, $2); } ;
num: number
   | '-' number                                 { $$ = mk_a(p, AST_NEG, @$, $number); }
   | COLOR                                      { $$ = mk_literal(p, AST_COLOR, @$, $1); }
   | DATE                                       { $$ = mk_literal(p, AST_DATE, @$, $1); }
   | TIME                                       { $$ = mk_literal(p, AST_TIME, @$, $1); } ;
simple: num | label
      | RAW                                     { $$ = mk_literal(p, AST_RAW, @$, $1); }
      | tparts                                  { $$ = mk_const_path(p, @$, $tparts); } ;
const: simple | listed_const ;
listed_const: '[' ']'                           { $$ = mk_list(p, AST_LIST, @$, (nodes){ 0 }); }
            | '[' consts ']'                    { $$ = mk_list(p, AST_LIST, @$, $consts); } ;
consts: const                                   { $$ = list_new($const); }
      | consts ',' const                        { $$ = list_add($1, $const); } ;

/* ---- blocks of data ---- */
open: '{'                                       { $$ = @$; } ;
close: '}'                                      { $$ = true; }
     | %empty %prec UNCLOSED                    { $$ = false; } ;
colors: %empty                                  { $$ = (nodes){ 0 }; }
      | colors swatch                           { $$ = list_doc(p, $1, $swatch); }
      | colors error                            { $$ = $1; RECOVER(SYNC_BLOCK); } ;
swatch: name COLOR                              { $$ = mk_named(p, AST_SWATCH, @$, $name, mk_literal(p, AST_COLOR, @COLOR, $COLOR), NULL, NULL); } ;
entries: %empty                                 { $$ = (nodes){ 0 }; }
       | entries term                           { $$ = list_doc(p, $1, $term); }
       | entries error                          { $$ = $1; RECOVER(SYNC_BLOCK); } ;
term: label                                     { $$ = mk_ab(p, AST_TERM, @$, $label, NULL); }
    | label[word] "->" label[by]                { $$ = mk_ab(p, AST_TERM, @$, $word, $by); } ;
result: type | '(' paramlist ')'                { $$ = $paramlist; } ;
rows: %empty                                    { $$ = (nodes){ 0 }; }
    | rows row                                  { $$ = list_doc(p, $1, $row); }
    | rows error                                { $$ = $1; RECOVER(SYNC_BLOCK); } ;
row: cells "->" outs                            { $$ = mk_row(p, @$, $cells, $outs); } ;
cells: cell                                     { $$ = list_new($cell); }
     | cells ',' cell                           { $$ = list_add($1, $cell); } ;
cell: "_"                                       { $$ = mk(p, AST_CELL_ANY, @$); }
    | "missing"                                 { $$ = mk(p, AST_CELL_MISSING, @$); }
    | relop simple                              { $$ = with_op(mk_a(p, AST_CELL_CMP, @$, $simple), $relop); }
    | simple[low] ".." simple[high]             { $$ = mk_ab(p, AST_CELL_RANGE, @$, $low, $high); }
    | set                                       { $$ = mk_list(p, AST_CELL_SET, @$, $set); } ;
set: simple                                     { $$ = list_new($simple); }
   | set '|' simple                             { $$ = list_add($1, $simple); } ;
outs: simple                                    { $$ = list_new($simple); }
    | outs ',' simple                           { $$ = list_add($1, $simple); } ;
members: %empty                                 { $$ = (nodes){ 0 }; }
       | members member                         { $$ = list_doc(p, $1, $member); }
       | members error                          { $$ = $1; RECOVER(SYNC_BLOCK); } ;
member: path | "except" path                    { $$ = with_flags($path, AST_EXCEPT); $$->sp = @$; } ;
arms: %empty                                    { $$ = (nodes){ 0 }; }
    | arms arm                                  { $$ = list_doc(p, $1, $arm); }
    | arms option                               { $$ = list_doc(p, $1, $option); }
    | arms error                                { $$ = $1; RECOVER(SYNC_BLOCK); } ;
arm: label "->" PERCENT                         { $$ = mk_ab(p, AST_ARM, @$, $label, mk_literal(p, AST_PERCENT, @PERCENT, $PERCENT)); } ;

/* ---- blocks of clauses ---- */
block: open clauses close[ok]                   { $$ = $clauses; if (!$ok) parse_unclosed(p, $open, @ok, "block"); } ;
clauses: %empty                                 { $$ = (nodes){ 0 }; }
       | clauses clause                         { $$ = list_doc(p, $1, $clause); }
       | clauses error                          { $$ = $1; RECOVER(SYNC_BLOCK); } ;
clause: option
      | let
      | "require" expr at message               { $$ = mk_abc(p, AST_REQUIRE, @$, $expr, $at, $message); }
      | "forbid" expr at message                { $$ = mk_abc(p, AST_FORBID, @$, $expr, $at, $message); }
      | "fix" path '=' expr                     { $$ = mk_ab(p, AST_FIX, @$, $path, $expr); }
      | "from" binder                           { $$ = mk_a(p, AST_FROM, @$, $binder); }
      | "over" binder                           { $$ = mk_a(p, AST_OVER, @$, $binder); }
      | "by" expr                               { $$ = mk_a(p, AST_BY, @$, $expr); }
      | "slot" binder                           { $$ = mk_a(p, AST_SLOT, @$, $binder); }
      | "prefer" expr                           { $$ = mk_a(p, AST_PREFER, @$, $expr); }
      | "given" name '=' expr                   { $$ = mk_named(p, AST_GIVEN, @$, $name, $expr, NULL, NULL); }
      | "expect" expr                           { $$ = mk_ab(p, AST_EXPECT, @$, $expr, NULL); }
      | "expect" expr "saying" text             { $$ = mk_ab(p, AST_EXPECT, @$, $expr, $text); } ;
at: %empty { $$ = NULL; } | "at" path           { $$ = $path; } ;
message: %empty { $$ = NULL; } | "otherwise" text { $$ = $text; } ;
let: "let" name '=' expr                        { $$ = mk_named(p, AST_LET, @$, $name, $expr, NULL, NULL); } ;
option: NAME optvalues                          { $$ = with_list(p, mk_named(p, AST_OPTION, @$, $NAME, NULL, NULL, NULL), $optvalues); } ;
optvalues: const                                { $$ = list_new(with_op(mk_a(p, AST_OPTVALUE, @$, $const), SEP_NONE)); }
         | optvalues optvalue                   { $$ = list_add($1, $optvalue); } ;
optvalue: sep const                             { $$ = with_op(mk_a(p, AST_OPTVALUE, @const, $const), $sep); } ;
sep: ".." { $$ = SEP_RANGE; } | "->" { $$ = SEP_ARROW; } | "per" { $$ = SEP_PER; } | "of" { $$ = SEP_OF; } ;
for: "for" binder                               { $$ = $binder; } ;
optfor: %empty { $$ = NULL; } | for ;
binder: bind
      | bind "where" expr                       { $$ = mk_named(p, AST_BINDER, @$, (token){ .text = $bind->name, .sp = $bind->name_sp }, $bind->a, $expr, NULL); } ;
bind: name "in" operand                         { $$ = mk_named(p, AST_BINDER, @$, $name, $operand, NULL, NULL); } ;

/* ---- expressions ---- */
expr: "if" expr[c] "then" expr[t] "else" expr[e] %prec OPEN { $$ = mk_if(p, @$, $c, $t, $e); }
    | quant bind %prec OPEN                     { $$ = mk_quant(p, $quant, @$, $bind, NULL); }
    | quant bind ':' expr[body] %prec OPEN      { $$ = mk_quant(p, $quant, @$, $bind, $body); }
    | expr[a] "implies" expr[b]                 { $$ = mk_ab(p, AST_IMPLIES, @$, $a, $b); }
    | expr[a] "or" expr[b]                      { $$ = mk_ab(p, AST_OR, @$, $a, $b); }
    | expr[a] "and" expr[b]                     { $$ = mk_ab(p, AST_AND, @$, $a, $b); }
    | "not" expr[a]                             { $$ = mk_a(p, AST_NOT, @$, $a); }
    | test ;
quant: "every" { $$ = Q_EVERY; } | "some" { $$ = Q_SOME; } | "no" { $$ = Q_NO; } ;
test: operand
    | operand[a] cmpop operand[b]               { $$ = mk_op(p, AST_CMP, $cmpop, @$, $a, $b); }
    | operand[a] "in" operand[b]                { $$ = mk_ab(p, AST_IN, @$, $a, $b); }
    | operand[a] "in" operand[b] ".." operand[c] { $$ = mk_abc(p, AST_IN, @$, $a, $b, $c); }
    | operand[a] "not" "in" operand[b]          { $$ = with_flags(mk_ab(p, AST_IN, @$, $a, $b), AST_NEGATED); }
    | operand[a] "not" "in" operand[b] ".." operand[c] { $$ = with_flags(mk_abc(p, AST_IN, @$, $a, $b, $c), AST_NEGATED); }
    | operand[a] "contains" operand[b]          { $$ = mk_ab(p, AST_CONTAINS, @$, $a, $b); }
    | operand[a] "matches" operand[b]           { $$ = mk_ab(p, AST_MATCHES, @$, $a, $b); }
    | operand[a] "exists"                       { $$ = mk_a(p, AST_EXISTS, @$, $a); }
    | operand[a] "missing"                      { $$ = mk_a(p, AST_IS_MISSING, @$, $a); }
    | operand[a] "passes" path                  { $$ = mk_ab(p, AST_PASSES, @$, $a, $path); }
    | operand[a] "fails" path                   { $$ = with_flags(mk_ab(p, AST_PASSES, @$, $a, $path), AST_NEGATED); }
    | operand[a] cmpop operand[b] chain_op operand[c] { $$ = mk_chained(p, @$, $chain_op, $a, $b, $c); }
    | operand[a] '='[op] operand[b]             { $$ = mk_equals(p, @$, @op, $a, $b); } ;
cmpop: "==" { $$ = OP_EQ; } | "!=" { $$ = OP_NE; } | '<' { $$ = OP_LT; } | "<=" { $$ = OP_LE; } | '>' { $$ = OP_GT; } | ">=" { $$ = OP_GE; } ;
chain_op: cmpop                                 { $$ = @$; } ;
operand: arith | default
       | default mix_op arith                   { $$ = mk_mixed(p, @$, $mix_op, $default, $arith); }
       | arith "??"[op] operand[b]              { $$ = mk_mixed(p, @$, @op, $arith, $b); } ;
mix_op: addop { $$ = @$; } | mulop { $$ = @$; } ;
addop: '+' { $$ = OP_ADD; } | '-' { $$ = OP_SUB; } ;
mulop: '*' { $$ = OP_MUL; } | '/' { $$ = OP_DIV; } ;
default: postfix "??" unary                     { $$ = mk_ab(p, AST_COALESCE, @$, $postfix, $unary); }
       | postfix "??" default[b]                { $$ = mk_ab(p, AST_COALESCE, @$, $postfix, $b); } ;
arith: arith[a] '+' arith[b]                    { $$ = mk_arith(p, OP_ADD, @$, $a, $b); }
     | arith[a] '-' arith[b]                    { $$ = mk_arith(p, OP_SUB, @$, $a, $b); }
     | arith[a] '*' arith[b]                    { $$ = mk_arith(p, OP_MUL, @$, $a, $b); }
     | arith[a] '/' arith[b]                    { $$ = mk_arith(p, OP_DIV, @$, $a, $b); }
     | unary ;
unary: postfix %prec LONE
     | '-' unary[a]                             { $$ = mk_a(p, AST_NEG, @$, $a); } ;
postfix: primary
       | postfix[x] '.' NAME                    { $$ = mk_member(p, @$, $x, $NAME); }
       | postfix[x] '.' NAME '(' args ')'       { $$ = mk_call(p, @$, $x, $NAME, $args); }
       | postfix[x] '[' expr ']'                { $$ = mk_index(p, @$, $x, $expr); } ;
primary: number | text
       | COLOR                                  { $$ = mk_literal(p, AST_COLOR, @$, $1); }
       | DATE                                   { $$ = mk_literal(p, AST_DATE, @$, $1); }
       | TIME                                   { $$ = mk_literal(p, AST_TIME, @$, $1); }
       | RAW                                    { $$ = mk_literal(p, AST_RAW, @$, $1); }
       | name                                   { $$ = mk_name(p, @$, $name); }
       | name '(' args ')'                      { $$ = mk_call(p, @$, NULL, $name, $args); }
       | '(' expr ')'                           { $$ = mk_a(p, AST_PAREN, @$, $expr); }
       | '[' args ']'                           { $$ = mk_bracketed(p, @$, $args); } ;
args: %empty { $$ = (nodes){ 0 }; } | list | list ',' { $$ = $1; }
    | expr "for" binder                         { $$ = list_new(mk_ab(p, AST_COMPREHENSION, @$, $expr, $binder)); } ;
list: arg                                       { $$ = list_new($arg); }
    | list ',' arg                              { $$ = list_add($1, $arg); } ;
arg: expr
   | NAME ':' expr                              { $$ = mk_arg(p, @$, $NAME, $expr); } ;

/* ---- texts ---- */
text: label
    | HEAD holes TAIL                           { $$ = mk_interp(p, @$, $HEAD, $holes, $TAIL); } ;
holes: expr                                     { $$ = list_new(mk_hole(p, @$, $expr, (str){ "", 0 })); }
     | expr FORMAT                              { $$ = list_new(mk_hole(p, @$, $expr, $FORMAT.text)); }
     | error                                    { $$ = list_new(mk(p, AST_ERROR, @$)); HOLE_RECOVER; }
     | holes MID expr                           { $$ = list_add(mk_chunk(p, $1, $MID), mk_hole(p, @expr, $expr, (str){ "", 0 })); }
     | holes MID expr FORMAT                    { $$ = list_add(mk_chunk(p, $1, $MID), mk_hole(p, (span){ @expr.beg, @FORMAT.end }, $expr, $FORMAT.text)); }
     | holes MID error                          { $$ = list_add(mk_chunk(p, $1, $MID), mk(p, AST_ERROR, @3)); HOLE_RECOVER; } ;
%%

/* Lexer kinds to the numbers of this grammar. */
const short parse_token_kinds[LEX_KIND_END - LEX_FIRST_NAMED] = {
#define TOK(name, what) [LEX_##name - LEX_FIRST_NAMED] = T_##name,
#include "lexer/token.def"
#define KEYWORD(word, token, class) [LEX_##token - LEX_FIRST_NAMED] = T_##token,
#include "lexer/keywords.def"
};

static int syn_lex(SYN_STYPE *value, span *sp, parser *ps) {
  if (!ps->started) { /* a first token of its own, so that even the file's first word finds a place to recover */
    ps->started = true;
    return ps->want_expr ? T_EXPR_START : T_FILE_START;
  }
  parse_next(ps);
  *sp = ps->tok.sp;
  if (ps->orphan) {
    int kind = ps->orphan == LEX_RECORD ? T_ORPHAN_FIELDS : T_ORPHAN_BLOCK;
    ps->orphan = 0;
    return kind;
  }
  /* every token that has a value has this one: any member of the union will do */
  value->T_NAME = ps->tok;
  return parse_lex_kind(&ps->tok);
}

/* Only a full stack comes here; syntax errors go to yyreport_syntax_error. */
static void syn_error(span *sp, parser *ps, const char *message) {
  (void)message;
  ps->too_deep = true;
  lex_error(&ps->lx, DIAG_SYN_TOO_DEEP, *sp, "nested too deep (limit %d)", AST_MAX_NEST);
}

static int lexer_kind(yysymbol_kind_t symbol) {
  static const char marks[] = "-+*/<>=?:.,|(){}[]";
  for (int i = 0; i < LEX_KIND_END - LEX_FIRST_NAMED; i++)
    if (parse_token_kinds[i] && YYTRANSLATE(parse_token_kinds[i]) == symbol) return i + LEX_FIRST_NAMED;
  for (const char *m = marks; *m; m++) {
    int c = *m;
    if (YYTRANSLATE(c) == symbol) return c;
  }
  return LEX_EOF;
}

static int yyreport_syntax_error(const yypcontext_t *ctx, parser *ps) {
  enum { ROOM = LEX_KIND_END - LEX_FIRST_NAMED + 24 };
  yysymbol_kind_t symbols[ROOM];
  int kinds[ROOM], n = yypcontext_expected_tokens(ctx, symbols, ROOM);
  for (int i = 0; i < n; i++) kinds[i] = lexer_kind(symbols[i]);
  parse_report(ps, &(expected){ .kinds = kinds, .n = n < 0 ? 0 : n });
  return 0;
}

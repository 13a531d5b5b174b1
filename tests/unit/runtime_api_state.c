/* State files through the public interface. */
#include "blazon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/state.h"

static char dir[] = "/tmp/blazon-api-state-XXXXXX";
static char path[100];

static const char rules[] = "module shop\nrecord P { id : text key }\nsource ps : P\n";

static void one_decision(const char *id) {
  arena a;
  jmp_buf oom;
  str why;
  arena_init(&a, &mem_libc, &oom);
  state_config c = { .m = &mem_libc, .path = str_z(path), .create = true };
  state *s = state_open(&c, &a, &why);
  assert_non_null(s);
  state_decision d = { .id = str_z(id), .choice = STR("shop.hero"), .subject = STR("u"), .candidate = STR("blue"), .unit = str_z(id), .at = 1000 }, known;
  assert_int_equal(state_log(s, &a, &d, &known), RT_OK);
  state_close(s);
  arena_free(&a);
}

static void rewards_join_and_problems_are_told(void **unused) {
  (void)unused;
  char error[200];
  blz_state *s, *other;
  assert_int_equal(blz_state_open(NULL, path, 0, &s, error, sizeof error), BLZ_DATA);
  assert_null(s);
  assert_non_null(strstr(error, "does not exist"));
  assert_int_equal(blz_state_open(NULL, dir, 0, &s, NULL, 0), BLZ_DATA);
  one_decision("d1");
  assert_int_equal(blz_state_open(NULL, path, BLZ_STATE_RELAXED, &s, error, sizeof error), BLZ_OK);
  assert_string_equal(error, "");
  blz_program *p = blz_program_new(NULL);
  assert_int_equal(blz_program_add_text(p, "r.blz", rules, sizeof rules - 1), BLZ_OK);
  assert_int_equal(blz_program_compile(p, NULL, NULL), BLZ_OK);
  blz_engine *e = blz_engine_new(p);
  assert_int_equal(blz_engine_outcome(e, "d1", NULL, 1, 2000), BLZ_MISUSE);
  assert_int_equal(blz_engine_use_state(e, s), BLZ_OK);
  assert_int_equal(blz_engine_outcome(e, "d1", NULL, 1, 2000), BLZ_OK);
  assert_int_equal(blz_engine_outcome(e, "d1", "reward", 1, 3000), BLZ_OK);
  assert_int_equal(blz_engine_outcome(e, "d1", NULL, 2, 2000), BLZ_BAD_VALUE);
  assert_int_equal(blz_engine_outcome(e, "d1", "order", 2, 500), BLZ_BAD_VALUE);
  assert_non_null(strstr(blz_engine_error(e), "before its decision"));
  assert_int_equal(blz_engine_outcome(e, "d1", NULL, NAN, 2000), BLZ_BAD_VALUE);
  assert_int_equal(blz_engine_outcome(e, "d2", NULL, 1, 2000), BLZ_NOT_FOUND);
  assert_non_null(strstr(blz_engine_error(e), "`d2`"));
  assert_int_equal(blz_state_open(NULL, path, BLZ_STATE_CREATE, &other, NULL, 0), BLZ_OK); /* as another process would */
  assert_int_equal(blz_engine_use_state(e, other), BLZ_OK);
  assert_int_equal(blz_engine_outcome(e, "d1", NULL, 1, 2000), BLZ_OK);
  blz_engine_free(e);
  blz_program_free(p);
  blz_state_free(s);
  blz_state_free(other);
  blz_state_free(NULL);
}

static int setup(void **unused) {
  (void)unused;
  if (!mkdtemp(dir)) return -1;
  snprintf(path, sizeof path, "%s/s.state", dir);
  return 0;
}

static int teardown(void **unused) {
  (void)unused;
  char command[100];
  snprintf(command, sizeof command, "rm -rf %s", dir);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(rewards_join_and_problems_are_told) };
  return cmocka_run_group_tests(tests, setup, teardown);
}

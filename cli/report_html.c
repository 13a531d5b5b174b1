/* The report of decisions as one page of HTML: the JSON report, a plotting library (third_party/uplot/) and the script that draws. Nothing is
 * fetched, so the page can be mailed and kept. */
#include "cli/decisions.h"

/* The bytes of a file of the project, from its root, as name .. name_end. */
#define EMBED(name, file)                                                                                                                      \
  __asm__(".pushsection .rodata\n.globl " #name "\n.hidden " #name "\n" #name ":\n.incbin \"" file "\"\n.globl " #name "_end\n.hidden " #name  \
          "_end\n" #name "_end:\n.byte 0\n.popsection\n");                                                                                     \
  extern const char name[], name##_end[]

EMBED(page_css, "cli/report_page.css");
EMBED(page_js, "cli/report_page.js");
EMBED(plot_css, "third_party/uplot/uPlot.min.css");
EMBED(plot_js, "third_party/uplot/uPlot.iife.min.js");
EMBED(plot_license, "third_party/uplot/LICENSE");

#define PUT(o, name) out_add(o, name, (size_t)(name##_end - name))

void decisions_html(const decisions_show *s) {
  out *o = s->c->out;
  out_z(o, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>Decisions</title>\n<style>\n");
  PUT(o, plot_css);
  PUT(o, page_css);
  out_z(o, "</style>\n<body>\n<noscript>This page is drawn by a script that it brings along; allow it, or ask for --format text.</noscript>\n"
           "<main id=\"report\"></main>\n<script type=\"application/json\" id=\"data\">\n");
  json j;
  json_begin(&j, o, &s->c->a, false);
  j.page = true;
  decisions_json(&j, s);
  out_z(o, "\n</script>\n<!-- uPlot, by which the plots are drawn:\n");
  PUT(o, plot_license);
  out_z(o, "-->\n<script>\n");
  PUT(o, plot_js);
  out_z(o, "\n</script>\n<script>\n");
  PUT(o, page_js);
  out_z(o, "</script>\n</body>\n</html>\n");
}

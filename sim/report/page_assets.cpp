// The assembler copies the files in: what a compiler takes seconds for as an array of numbers.
#include "sim/report/page_assets.h"

#include <string>

#define QSIM_ASSET(name, path)                    \
  asm(".section .rodata\n"                        \
      ".global qsim_page_" #name                  \
      "\n"                                        \
      ".global qsim_page_" #name                  \
      "_end\n"                                    \
      "qsim_page_" #name                          \
      ":\n"                                       \
      ".incbin \"" path                           \
      "\"\n"                                      \
      "qsim_page_" #name                          \
      "_end:\n"                                   \
      ".byte 0\n"                                 \
      ".text\n");                                 \
  extern "C" const char qsim_page_##name[];       \
  extern "C" const char qsim_page_##name##_end[]; \
  static std::string_view asset_##name() { return {qsim_page_##name, qsim_page_##name##_end}; }

QSIM_ASSET(html, QSIM_PAGE_DIR "/page.html")
QSIM_ASSET(style, QSIM_PAGE_DIR "/page.css")
QSIM_ASSET(common, QSIM_PAGE_DIR "/common.js")
QSIM_ASSET(run, QSIM_PAGE_DIR "/run.js")
QSIM_ASSET(sweep, QSIM_PAGE_DIR "/sweep.js")
QSIM_ASSET(start, QSIM_PAGE_DIR "/start.js")
#ifdef QSIM_CHART_LIBRARY
QSIM_ASSET(library, QSIM_CHART_LIBRARY)
#endif

namespace qsim::page {

std::string_view html() { return asset_html(); }
std::string_view style() { return asset_style(); }

std::string_view script() {
  static const std::string joined = [] {
    std::string text;
    for (std::string_view part : {asset_common(), asset_run(), asset_sweep(), asset_start()}) {
      text += part;
      text += '\n';
    }
    return text;
  }();
  return joined;
}

std::string_view library() {
#ifdef QSIM_CHART_LIBRARY
  return asset_library();
#else
  return {};
#endif
}

}  // namespace qsim::page

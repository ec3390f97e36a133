// `proxyd --keywords`: every section, keyword and word, tab-separated: where it may stand, its arguments, its
// effect (works, no effect, removed, refused) and a line of help or the reason.
#pragma once

#include <string>

namespace proxyd::config {

std::string keywords_text();

}  // namespace proxyd::config

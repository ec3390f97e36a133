// The lines of a configuration: the file itself and what it includes, conditions and definitions applied.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "common/error.h"
#include "vrrpd/config/lexer.h"
#include "vrrpd/config/macros.h"
#include "vrrpd/config/tree.h"

namespace vrrpd::config {

// Storage of file names that Locations point into.
using FileNames = std::vector<std::unique_ptr<const std::string>>;

// What may be wrong with an include (include_check) as bits; none: nothing but a file that cannot be read.
inline constexpr unsigned kAllIncludeChecks = 15;

class SourceReader {
 public:
    SourceReader(std::string config_id, unsigned include_checks, FileNames& names,
                 common::Diagnostics& diagnostics)
        : names_(names),
          diagnostics_(diagnostics),
          macros_(std::move(config_id), diagnostics),
          checks_(include_checks) {}

    // Refused with an error: unreadable, not a regular file or pipe, larger than kMaxFileSize in all, not
    // text, including itself.
    void read_file(const std::string& path, common::Location included_from = {});
    void read_text(std::string_view text, const std::string& name);

    std::vector<SourceLine> take() { return std::move(lines_); }

 private:
    bool include(std::string_view line, common::Location where, const std::string& directory);
    void check_alternatives(const std::string& pattern, common::Location where);
    void read_checks(const LexedLine& line, common::Location where);
    bool is_text(std::string_view line, common::Location where);

    FileNames& names_;
    common::Diagnostics& diagnostics_;
    Macros macros_;
    std::vector<SourceLine> lines_;
    std::vector<std::string> stack_;  // canonical paths of the files being read
    std::size_t bytes_ = 0;
    unsigned checks_;  // of includes, in the file being read
};

// The directory a relative include starts from: "." for a bare name.
std::string directory_of(const std::string& path);

}  // namespace vrrpd::config

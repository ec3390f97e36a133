// What keepalived does with a line before it reads it: conditions, definitions, repetitions. Pure.
//
//   @ID line, @^ID line      kept when the configuration id is (is not) ID
//   $NAME=VALUE              a definition; "$NAME= \" and lines ending in '\' make one of several lines
//   $NAME, ${NAME}           replaced, also inside what was replaced; undefined ones stay as they are
//   ${_PWD} ${_INSTANCE} ${_HASH} ${_BANG} ${_ENV VAR}
//   ${_RANDOM [MIN [MAX]]}   0 to 32767 where nothing is said; the same each time behind `random_seed N`
//   ~SEQ(var,start[,step],end) line, ~SEQx(...) line, ~LST(var,v1,v2...) line
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "vrrpd/config/tree.h"

namespace vrrpd::config {

class Macros {
 public:
    Macros(std::string config_id, common::Diagnostics& diagnostics)
        : config_id_(std::move(config_id)), diagnostics_(diagnostics) {}

    // Feeds one line as written; appends what is to be read in its place, if anything.
    void feed(std::string_view line, common::Location where, std::vector<SourceLine>& out);
    void set_directory(std::string directory) { directory_ = std::move(directory); }

 private:
    bool condition_holds(std::string_view& line) const;
    bool define(std::string_view line);
    void expand(std::string line, common::Location where, std::vector<SourceLine>& out, int depth);
    bool repeat(std::string_view line, common::Location where, std::vector<SourceLine>& out, int depth);
    std::optional<std::string> value_of(std::string_view name);
    std::optional<std::string> random_number(std::string_view range);

    std::string config_id_, directory_, instance_;
    common::Diagnostics& diagnostics_;
    std::map<std::string, std::string, std::less<>> values_;  // lines separated by '\n'
    std::string defining_;                                    // name of a definition that goes on
    bool too_big_ = false;
    std::optional<std::mt19937> random_;  // seeded at its first use, or by random_seed
};

}  // namespace vrrpd::config

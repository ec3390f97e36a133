// What keepalived does with a line before it reads it: conditions, definitions, repetitions. Pure.
//
//   @ID line, @^ID line      kept when the configuration id is (is not) ID
//   $NAME=VALUE              a definition; "$NAME= \" and lines ending in '\' make one of several lines
//   $NAME, ${NAME}           replaced, also inside what was replaced; undefined ones stay as they are
//   ${_PWD} ${_INSTANCE} ${_HASH} ${_BANG} ${_ENV VAR}
//   ~SEQ(var,start[,step],end) line, ~SEQx(...) line, ~LST(var,v1,v2...) line
#pragma once

#include <map>
#include <optional>
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
    std::optional<std::string> value_of(std::string_view name) const;

    std::string config_id_, directory_, instance_;
    common::Diagnostics& diagnostics_;
    std::map<std::string, std::string, std::less<>> values_;  // lines separated by '\n'
    std::string defining_;                                    // name of a definition that goes on
    bool too_big_ = false;
};

}  // namespace vrrpd::config

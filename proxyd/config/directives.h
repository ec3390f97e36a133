// Lines that begin with a dot (configuration manual 2.4): conditional blocks and messages.
#pragma once

#include <string_view>
#include <vector>

#include "proxyd/config/lexer.h"
#include "proxyd/config/reading.h"

namespace proxyd::config {

class Directives {
 public:
    // True when the line is a directive, or lies in a block that is switched off: nothing more to do with it.
    bool consume(Reading& in, std::string_view line, common::Location where, const Variables& variables);
    // Complains about blocks left open at the end of the file.
    void finish(Reading& in) const;

 private:
    struct Block {
        common::Location where;
        bool outer_active = true;  // the surrounding block is read
        bool active = false;       // this branch is read
        bool taken = false;        // some branch was
        bool in_else = false;
    };
    struct Row;
    static const Row kRows[];

    bool active() const { return blocks_.empty() || blocks_.back().active; }
    void if_(Reading& in, std::string_view rest, common::Location where, const Variables& variables);
    void elif (Reading& in, std::string_view rest, common::Location where, const Variables& variables);
    void else_(Reading& in, std::string_view rest, common::Location where, const Variables& variables);
    void endif(Reading& in, std::string_view rest, common::Location where, const Variables& variables);
    void message(Reading& in, std::string_view rest, common::Location where, const Variables& variables,
                 common::Severity severity);
    void notice(Reading& in, std::string_view rest, common::Location where, const Variables& variables);
    void warning(Reading& in, std::string_view rest, common::Location where, const Variables& variables);
    void alert(Reading& in, std::string_view rest, common::Location where, const Variables& variables);
    void diag(Reading&, std::string_view, common::Location, const Variables&) {}

    std::vector<Block> blocks_;
};

}  // namespace proxyd::config

#include "vrrpd/config/tree.h"

#include <utility>

#include "vrrpd/config/lexer.h"
#include "vrrpd/config/load.h"

namespace vrrpd::config {
namespace {

class TreeBuilder {
 public:
    explicit TreeBuilder(common::Diagnostics& diagnostics) : diagnostics_(diagnostics) {
        open_.push_back({});
    }

    void line(const SourceLine& source) {
        LexedLine lexed = lex_line(source.text);
        if (lexed.open_quote) diagnostics_.warning(source.where, "the line ends inside quotes");
        Statement statement{{}, source.where, false, {}};
        for (Token& token : lexed.tokens) {
            switch (token.kind) {
                case TokenKind::word:
                    statement.words.push_back({std::move(token.text), token.quoted});
                    break;
                case TokenKind::open:
                    open(std::exchange(statement, {{}, source.where, false, {}}));
                    break;
                case TokenKind::close:
                    add(std::exchange(statement, {{}, source.where, false, {}}));
                    close(source.where);
                    break;
            }
        }
        add(std::move(statement));
    }

    std::vector<Statement> finish() {
        if (open_.size() > 1 && !diagnostics_.has_errors()) {
            const Statement& unclosed = open_.back();
            diagnostics_.error(unclosed.where,
                               "block '" + unclosed.name() + "' is never closed: '}' is missing");
        }
        while (open_.size() > 1) close(open_.back().where);
        return std::move(open_.front().block);
    }

 private:
    void add(Statement statement) {
        if (!statement.words.empty()) open_.back().block.push_back(std::move(statement));
    }

    void open(Statement statement) {
        std::vector<Statement>& siblings = open_.back().block;
        if (statement.words.empty() && !siblings.empty() && !siblings.back().has_block) {
            // On the next line.
            statement = std::move(siblings.back());
            siblings.pop_back();
        }
        if (statement.words.empty()) {
            diagnostics_.warning(statement.where, "'{' without a keyword before it: the block is skipped");
            statement.words.push_back({});  // an empty name: skipped by whoever reads the tree
        }
        if (open_.size() > static_cast<std::size_t>(kMaxDepth)) {
            if (!too_deep_) diagnostics_.error(statement.where, "blocks are nested too deeply");
            too_deep_ = true;
            ++ignored_;
            return;
        }
        statement.has_block = true;
        open_.push_back(std::move(statement));
    }

    void close(common::Location where) {
        if (ignored_ > 0) {
            --ignored_;
            return;
        }
        if (open_.size() == 1) {
            diagnostics_.warning(where, "'}' without a block to close");
            return;
        }
        Statement done = std::move(open_.back());
        open_.pop_back();
        if (!done.name().empty()) open_.back().block.push_back(std::move(done));
    }

    common::Diagnostics& diagnostics_;
    std::vector<Statement> open_;  // [0] is the file itself
    int ignored_ = 0;              // blocks below the deepest allowed
    bool too_deep_ = false;
};

}  // namespace

bool too_many_complaints(common::Location where, common::Diagnostics& diagnostics) {
    if (diagnostics.all().size() < kMaxComplaints) return false;
    if (diagnostics.all().size() == kMaxComplaints) {
        diagnostics.error(where, "too much is wrong here to go on reading: is this a keepalived.conf?");
    }
    return true;
}

std::vector<Statement> parse_tree(std::span<const SourceLine> lines, common::Diagnostics& diagnostics) {
    TreeBuilder builder(diagnostics);
    for (const SourceLine& line : lines) {
        if (too_many_complaints(line.where, diagnostics)) break;
        builder.line(line);
    }
    return builder.finish();
}

}  // namespace vrrpd::config

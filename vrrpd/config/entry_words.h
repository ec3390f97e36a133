// Lines that are no keyword with arguments but an entry of a list: a thing and words about it, in any order
// (an address, a route, a rule). Each list has its table of words.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/keyword_table.h"
#include "vrrpd/config/tree.h"

namespace vrrpd::config {

// The entry being read. Functions say what is wrong, and clear `good` when the entry cannot be used.
template <class Entry>
struct WordCall {
    const Statement& statement;
    common::Diagnostics& diagnostics;
    std::string_view kind;  // "address", for messages
    Entry entry{};
    std::size_t at = 0;  // the word that comes next
    bool good = true;

    bool more() const { return at < statement.words.size(); }
    const std::string& argument(std::size_t ahead = 0) const { return statement.words[at + ahead].text; }
    void warn(const std::string& text) {
        diagnostics.warning(statement.where, std::string(kind) + " " + statement.words[0].text + ": " + text);
    }
    void refuse(const std::string& text) {
        warn(text + "; the entry is skipped");
        good = false;
    }
};

// A function finds its arguments at `at`, and the next word is looked for behind `arguments` of them.
template <class Entry>
struct WordRow {
    std::string_view name;
    std::size_t arguments;
    void (*apply)(WordCall<Entry>&);
    std::string_view help;
};

// One word and its arguments. False: the table does not have it, nothing was read.
template <class Entry>
bool apply_word(WordCall<Entry>& call, std::span<const WordRow<Entry>> table) {
    const std::string& name = call.argument();
    const auto row = std::ranges::find(table, std::string_view(name), &WordRow<Entry>::name);
    if (row == table.end()) return false;
    ++call.at;
    if (call.at + row->arguments > call.statement.words.size()) {
        call.warn("'" + name + "' wants an argument; ignored");
        call.at = call.statement.words.size();
        return true;
    }
    row->apply(call);
    call.at += row->arguments;
    return true;
}

template <class Entry>
void report_unknown_word(WordCall<Entry>& call, std::span<const WordRow<Entry>> table) {
    std::vector<std::string_view> names;
    for (const WordRow<Entry>& known : table) names.push_back(known.name);
    const std::string& name = call.argument();
    call.warn("'" + name + "' is not understood; ignored" + common::did_you_mean(name, names));
    ++call.at;
}

}  // namespace vrrpd::config

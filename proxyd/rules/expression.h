// A sample expression: a fetch and its converters, `hdr(host),lower,field(1,:)` (configuration manual 7.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {

class Expression {
 public:
    // The whole text must be one expression, whose value is there at one of `places` at least. `catalogue` as
    // for Arguments::parse.
    static common::Result<Expression> parse(std::string_view text, Catalogue* catalogue = nullptr,
                                            Places places = kAnywhere);

    // The value at this moment; false when there is none. Text stays valid as long as message and arena do.
    bool evaluate(const Context& context, Sample& out) const;
    // One value after the other: call with the same cursor while it says `more`.
    bool evaluate(const Context& context, Cursor& cursor, Sample& out) const;

    SampleType type() const;  // of the result
    const FetchRow& fetch() const { return *fetch_; }
    bool has_converters() const { return !converters_.empty(); }
    const std::string& text() const { return text_; }  // as it was written

 private:
    struct Step {
        const ConverterRow* row;
        Arguments arguments;
    };
    std::string text_;
    const FetchRow* fetch_ = nullptr;
    Arguments arguments_;
    std::vector<Step> converters_;
};

// Splits "name(arguments)rest": name, what stands between the parentheses, and the rest. False: a parenthesis
// that does not close.
struct CallText {
    std::string_view name, arguments, rest;
    bool has_arguments = false;
};
bool split_call(std::string_view text, CallText& out);

// Whether values of one type can be cast to another at all.
bool castable(SampleType from, SampleType to);

}  // namespace proxyd::rules

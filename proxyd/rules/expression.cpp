#include "proxyd/rules/expression.h"

#include "common/keyword_table.h"
#include "proxyd/rules/absent_samples.h"

namespace proxyd::rules {

bool split_call(std::string_view text, CallText& out) {
    const auto end = text.find_first_of("(,");
    out.name = text.substr(0, end);
    out.rest = end == std::string_view::npos ? std::string_view() : text.substr(end);
    out.has_arguments = out.rest.starts_with('(');
    out.arguments = {};
    if (!out.has_arguments) return true;
    const auto close = closing_parenthesis(out.rest);
    if (close == std::string_view::npos) return false;
    out.arguments = out.rest.substr(1, close - 1);
    out.rest = out.rest.substr(close + 1);
    return true;
}

bool castable(SampleType from, SampleType to) {
    if (from == to || from == SampleType::any || to == SampleType::any) return true;
    if (to == SampleType::string || to == SampleType::binary) return true;
    // What is left are numbers and addresses, which bytes do not say.
    if (from == SampleType::binary) return false;
    if (to == SampleType::boolean || to == SampleType::integer) return from != SampleType::ipv6;
    return from != SampleType::boolean;
}

namespace {

// Why a name is not known, with the nearest known one.
common::Error unknown(std::string_view what, std::string_view name,
                      const std::vector<std::string_view>& known) {
    if (const std::string_view why = why_absent(name, what == "converter"); !why.empty())
        return {common::Side::config, 0, false,
                "the " + std::string(what) + " '" + std::string(name) + "' is refused: " + std::string(why)};
    return {
        common::Side::config, 0, false,
        "unknown " + std::string(what) + " '" + std::string(name) + "'" + common::did_you_mean(name, known)};
}

template <class Row>
common::Result<Arguments> parse_arguments(const Row& row, const CallText& call, Catalogue* catalogue) {
    auto arguments = Arguments::parse(call.arguments, call.has_arguments, row.arguments, row.name, catalogue);
    if (!arguments) return arguments;
    common::Result<> checked;
    if (row.check != nullptr) checked = row.check(*arguments);
    if (checked && row.prepare != nullptr) {
        Catalogue none;
        checked = row.prepare(*arguments, catalogue != nullptr ? *catalogue : none);
    }
    if (!checked)
        return common::fail("'" + std::string(row.name) + "': " + checked.error().text, common::Side::config);
    return arguments;
}

}  // namespace

common::Result<Expression> Expression::parse(std::string_view text, Catalogue* catalogue, Places places) {
    Expression out;
    out.text_ = text;
    CallText call;
    const auto unclosed = [&] {
        return common::fail("missing ')' after the arguments of '" + std::string(call.name) + "'",
                            common::Side::config);
    };
    if (!split_call(text, call)) return unclosed();
    out.fetch_ = find_fetch(call.name);
    if (out.fetch_ == nullptr) return std::unexpected(unknown("sample fetch", call.name, fetch_names()));
    if ((places_of(out.fetch_->source) & places) == 0)
        return common::fail("'" + std::string(text) + "' needs " + std::string(describe(out.fetch_->source)) +
                                ", not available here (" + std::string(describe(places)) + ")",
                            common::Side::config);
    auto arguments = parse_arguments(*out.fetch_, call, catalogue);
    if (!arguments) return std::unexpected(arguments.error());
    out.arguments_ = std::move(*arguments);

    while (!call.rest.empty()) {
        if (call.rest.front() != ',')
            return common::fail(
                "expected ',' before '" + std::string(call.rest) + "' in '" + std::string(text) + "'",
                common::Side::config);
        const std::string_view rest = call.rest.substr(1);
        if (rest.empty()) break;
        if (!split_call(rest, call)) return unclosed();
        const ConverterRow* row = find_converter(call.name);
        if (row == nullptr) return std::unexpected(unknown("converter", call.name, converter_names()));
        if (!castable(out.type(), row->input))
            return common::fail("the converter '" + std::string(row->name) + "' takes " +
                                    std::string(name_of(row->input)) + ", which " +
                                    std::string(name_of(out.type())) + " cannot become",
                                common::Side::config);
        auto converter_arguments = parse_arguments(*row, call, catalogue);
        if (!converter_arguments) return std::unexpected(converter_arguments.error());
        out.converters_.push_back({row, std::move(*converter_arguments)});
    }
    return out;
}

bool Expression::evaluate(const Context& context, Cursor& cursor, Sample& out) const {
    cursor.more = false;
    if (!fetch_->fetch(context, arguments_, cursor, out)) {
        if (context.head_awaited && fetch_->source == Source::request) context.undecided = true;
        return false;
    }
    for (const Step& step : converters_) {
        if (cast(out, step.row->input, context.arena) && step.row->convert(context, step.arguments, out))
            continue;
        cursor.more = false;  // as in HAProxy, no further value is looked at
        return false;
    }
    return true;
}

bool Expression::evaluate(const Context& context, Sample& out) const {
    Cursor cursor;
    return evaluate(context, cursor, out);
}

SampleType Expression::type() const {
    return converters_.empty() ? fetch_->type : converters_.back().row->output;
}

}  // namespace proxyd::rules

#include "proxyd/rules/logs/format.h"

#include <variant>
#include <vector>

#include "common/keyword_table.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/expression.h"
#include "proxyd/rules/logs/variables.h"

namespace proxyd::rules {

const std::string_view kHttpLogFormat =
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs "
    "%{+Q}r";
const std::string_view kTcpLogFormat =
    "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";
const std::string_view kHttpsLogFormat =
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs "
    "%{+Q}r "
    "%[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc";
const std::string_view kClfLogFormat =
    "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc "
    "%ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl";
const std::string_view kConnectLogFormat = "Connect from %ci:%cp to %fi:%fp (%f/%mode)";

struct LogFormat::Parts {
    struct Blank {};  // of log lines: two in a row become one
    struct Variable {
        const VariableRow* row;
        RenderOptions options;
    };
    struct Value {
        Expression expression;
        RenderOptions options;
    };
    using Part = std::variant<std::string, Blank, Variable, Value>;

    LogUse use;
    std::vector<Part> list;

    void render_value(const Value& value, const Context& context, std::string& out) const {
        Sample sample;
        TextBuffer buffer;
        std::string_view text;
        if (value.expression.evaluate(context, sample)) text = to_text(sample, buffer);
        switch (use) {
            case LogUse::log:
                return render_sample_text(text, value.options, out);
            case LogUse::header:
                return render_header_text(text, out);
            case LogUse::text:
                return render_text(text, value.options, out);
        }
    }
};

namespace {

using common::Side;

// Finds the ']' that ends an expression; parentheses and quotes inside are respected.
std::size_t closing_bracket(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == ']') return i;
        if (text[i] != '(') continue;
        const auto close = closing_parenthesis(text.substr(i));
        if (close == std::string_view::npos) return close;
        i += close;
    }
    return std::string_view::npos;
}

// "+Q,-E" changes `options`.
common::Result<> apply_flags(std::string_view flags, RenderOptions& options) {
    bool on = true;
    for (char c : flags) {
        switch (c) {
            case '+':
                on = true;
                break;
            case '-':
                on = false;
                break;
            case ',':
            case ' ':
                break;
            case 'Q':
                options.quote = on;
                break;
            case 'E':
                options.escape = on;
                break;
            case 'X':
                options.hex = on;
                break;
            default:
                return common::fail("unknown flag '" + std::string(1, c) + "' in '%{" + std::string(flags) +
                                        "}' (known are Q, E and X)",
                                    Side::config);
        }
    }
    return {};
}

}  // namespace

// Reads a format from left to right and appends parts.
class LogFormatParser {
 public:
    LogFormatParser(std::string_view format, LogFormat::Parts& parts, Catalogue* catalogue, Places places)
        : rest_(format), parts_(parts), catalogue_(catalogue), places_(places) {
        defaults_.dash = parts.use == LogUse::log;
    }

    common::Result<> parse() {
        while (!rest_.empty()) {
            if (rest_.front() == '%') {
                if (auto variable = parse_variable(); !variable) return variable;
            } else if (rest_.front() == ' ' && parts_.use == LogUse::log) {
                parts_.list.emplace_back(LogFormat::Parts::Blank{});
                rest_.remove_prefix(1);
            } else {
                add_literal(rest_.front());
                rest_.remove_prefix(1);
            }
        }
        return {};
    }

 private:
    void add_literal(char c) {
        if (parts_.list.empty() || !std::holds_alternative<std::string>(parts_.list.back()))
            parts_.list.emplace_back(std::string());
        std::get<std::string>(parts_.list.back()) += c;
    }

    common::Result<> parse_variable() {
        rest_.remove_prefix(1);
        if (rest_.starts_with('%')) {
            add_literal('%');
            rest_.remove_prefix(1);
            return {};
        }
        RenderOptions options = defaults_;
        if (rest_.starts_with('{')) {
            const auto close = rest_.find('}');
            if (close == std::string_view::npos) return common::fail("'%{' has no '}'", Side::config);
            if (auto applied = apply_flags(rest_.substr(1, close - 1), options); !applied) return applied;
            rest_.remove_prefix(close + 1);
        }
        return rest_.starts_with('[') ? parse_expression(options) : parse_name(options);
    }

    common::Result<> parse_expression(const RenderOptions& options) {
        const auto close = closing_bracket(rest_);
        if (close == std::string_view::npos) return common::fail("'%[' has no ']'", Side::config);
        const std::string_view text = trim_blanks(rest_.substr(1, close - 1));
        auto expression = Expression::parse(text, catalogue_, places_);
        if (!expression)
            return common::fail("in '%[" + std::string(text) + "]': " + expression.error().text,
                                Side::config);
        parts_.list.emplace_back(LogFormat::Parts::Value{std::move(*expression), options});
        rest_.remove_prefix(close + 1);
        return {};
    }

    common::Result<> parse_name(const RenderOptions& options) {
        std::size_t size = 0;
        while (size < rest_.size() && is_alnum(rest_[size])) ++size;
        const std::string_view name = rest_.substr(0, size);
        rest_.remove_prefix(size);
        if (name == "o") {
            defaults_ = options;
            return {};
        }
        const VariableRow* row = common::find_row(log_variables(), name);
        if (row == nullptr)
            return common::fail(
                "no log variable is named '%" + std::string(name) +
                    "'; a percent sign of its own is written '%%'" +
                    (name.size() < 2 ? std::string()
                                     : common::did_you_mean(name, common::row_names(log_variables()))),
                Side::config);
        parts_.list.emplace_back(LogFormat::Parts::Variable{row, options});
        return {};
    }

    std::string_view rest_;
    LogFormat::Parts& parts_;
    Catalogue* catalogue_;
    Places places_;
    RenderOptions defaults_;
};

common::Result<LogFormat> LogFormat::compile(std::string_view format, LogUse use, Catalogue* catalogue,
                                             Places places) {
    auto parts = std::make_shared<Parts>();
    parts->use = use;
    if (auto parsed = LogFormatParser(format, *parts, catalogue, places).parse(); !parsed)
        return std::unexpected(parsed.error());
    LogFormat out;
    out.parts_ = std::move(parts);
    return out;
}

void LogFormat::render(const Context& context, std::string& out) const {
    if (parts_ == nullptr) return;
    bool after_blank = true;
    for (const Parts::Part& part : parts_->list) {
        bool vanished = false;
        if (const auto* text = std::get_if<std::string>(&part)) {
            out += *text;
        } else if (const auto* variable = std::get_if<Parts::Variable>(&part)) {
            const std::size_t before = out.size();
            variable->row->render(context, variable->options, out);
            vanished = variable->row->vanishes && out.size() == before;
        } else if (const auto* value = std::get_if<Parts::Value>(&part)) {
            parts_->render_value(*value, context, out);
        } else {
            if (!after_blank) out += ' ';
            after_blank = true;
            continue;
        }
        if (!vanished) after_blank = false;
    }
}

std::optional<std::string_view> LogFormat::constant() const {
    if (parts_ == nullptr || parts_->list.empty()) return std::string_view();
    if (parts_->list.size() != 1) return std::nullopt;
    const auto* text = std::get_if<std::string>(&parts_->list.front());
    return text != nullptr ? std::optional<std::string_view>(*text) : std::nullopt;
}

}  // namespace proxyd::rules

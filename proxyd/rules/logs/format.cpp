#include "proxyd/rules/logs/format.h"

#include <algorithm>
#include <charconv>
#include <variant>
#include <vector>

#include "common/keyword_table.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/expression.h"
#include "proxyd/rules/hexadecimal.h"
#include "proxyd/rules/logs/variables.h"

namespace proxyd::rules {

const std::string_view kHttpLogFormat =
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs "
    "%{+Q}r";
const std::string_view kTcpLogFormat =
    "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";
const std::string_view kTcpClfLogFormat =
    "%{+Q}o %{-Q}ci - - [%T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- "
    "%ac %fc %bc %sc %rc %sq %bq \"\" \"\" ";
const std::string_view kHttpsLogFormat =
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs "
    "%{+Q}r "
    "%[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc";
const std::string_view kClfLogFormat =
    "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc "
    "%ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl";
const std::string_view kConnectLogFormat = "Connect from %ci:%cp to %fi:%fp (%f/%mode)";

struct ItemName {
    std::string name;                   // "%(name:type)"; empty: none
    SampleType type = SampleType::any;  // to cast to
};

struct LogFormat::Parts {
    struct Blank {};  // of log lines: two in a row become one
    struct Variable {
        const VariableRow* row;
        RenderOptions options;
        ItemName as;
    };
    struct Value {
        Expression expression;
        RenderOptions options;
        ItemName as;
    };
    using Part = std::variant<std::string, Blank, Variable, Value>;

    LogUse use;
    std::vector<Part> list;
    RenderOptions whole;  // the flags of "%{...}o": with an encoding the line is one object of named items

    static void encode(const Variable& variable, const Context& context, std::string& out);
    static void encode(const Value& value, const Context& context, std::string& out);
    void render_object(const Context& context, std::string& out) const;

    // An item that is encoded inside an ordinary line.
    static void encode_alone(const auto& item, const Context& context, std::string& out) {
        if (item.options.encoding != Encoding::cbor) return encode(item, context, out);
        thread_local std::string bytes;
        bytes.clear();
        encode(item, context, bytes);
        append_hexadecimal(out, bytes);
    }

    void render_value(const Value& value, const Context& context, std::string& out) const {
        if (value.options.encoding != Encoding::none) return encode_alone(value, context, out);
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

void LogFormat::Parts::encode(const Variable& variable, const Context& context, std::string& out) {
    thread_local std::string text;
    text.clear();
    RenderOptions plain;
    plain.hex = variable.options.hex;
    variable.row->render(context, plain, text);
    const Encoding encoding = variable.options.encoding;
    if (text.empty()) return encode_null(encoding, out);
    Sample sample;
    sample.set_text(text);
    // "+12": so far (option logasap).
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const char* const begin = text.data() + (text.front() == '+' ? 1 : 0);
    if (variable.row->numeric && std::from_chars(begin, end, number).ptr == end) sample.set_int(number);
    if (variable.as.type != SampleType::any && !cast(sample, variable.as.type, context.arena))
        return encode_null(encoding, out);
    encode_sample(sample, encoding, out);
}

void LogFormat::Parts::encode(const Value& value, const Context& context, std::string& out) {
    Sample sample;
    const bool there = value.expression.evaluate(context, sample) &&
                       (value.as.type == SampleType::any || cast(sample, value.as.type, context.arena));
    there ? encode_sample(sample, value.options.encoding, out) : encode_null(value.options.encoding, out);
}

// Text between the items, and items without a name, are left out.
void LogFormat::Parts::render_object(const Context& context, std::string& out) const {
    thread_local std::string object;
    object.clear();
    begin_object(whole.encoding, object);
    bool first = true;
    const auto item = [&](const auto& part) {
        if (part.as.name.empty()) return;
        encode_name(part.as.name, first, whole.encoding, object);
        first = false;
        encode(part, context, object);
    };
    for (const Part& part : list) {
        if (const auto* variable = std::get_if<Variable>(&part)) item(*variable);
        if (const auto* value = std::get_if<Value>(&part)) item(*value);
    }
    end_object(whole.encoding, object);
    if (whole.encoding == Encoding::cbor && !whole.binary) return append_hexadecimal(out, object);
    out += object;
}

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

struct FlagRow {
    std::string_view name;
    void (*set)(RenderOptions&, bool on);
};
template <Encoding encoding>
void set_encoding(RenderOptions& options, bool on) {
    if (on)
        options.encoding = encoding;
    else if (options.encoding == encoding)
        options.encoding = Encoding::none;
}
constexpr FlagRow kFlags[] = {
    {"Q", [](RenderOptions& options, bool on) { options.quote = on; }},
    {"E", [](RenderOptions& options, bool on) { options.escape = on; }},
    {"X", [](RenderOptions& options, bool on) { options.hex = on; }},
    {"bin", [](RenderOptions& options, bool on) { options.binary = on; }},
    {"json", set_encoding<Encoding::json>},
    {"cbor", set_encoding<Encoding::cbor>},
};

// "+Q,-E" changes `options`. A sign counts until the next one; letters may stand together ("+QE").
common::Result<> apply_flags(const std::string_view flags, RenderOptions& options) {
    bool on = true;
    for (std::string_view rest = flags; !rest.empty();) {
        const char c = rest.front();
        if (c == '+' || c == '-') on = c == '+';
        if (c == '+' || c == '-' || c == ',' || c == ' ') {
            rest.remove_prefix(1);
            continue;
        }
        const auto* row =
            std::ranges::find_if(kFlags, [&](const FlagRow& each) { return rest.starts_with(each.name); });
        if (row == std::end(kFlags))
            return common::fail("unknown flag '" + std::string(1, c) + "' in '%{" + std::string(flags) +
                                    "}' (known are Q, E, X, bin, json and cbor)",
                                Side::config);
        row->set(options, on);
        rest.remove_prefix(row->name.size());
    }
    return {};
}

struct TypeRow {
    std::string_view name;
    SampleType type;
};
constexpr TypeRow kTypes[] = {
    {"str", SampleType::string},   {"sint", SampleType::integer}, {"int", SampleType::integer},
    {"bool", SampleType::boolean}, {"bin", SampleType::binary},   {"ipv4", SampleType::ipv4},
    {"ipv6", SampleType::ipv6},
};

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
        as_ = {};
        while (rest_.starts_with('{') || rest_.starts_with('(')) {
            const char ends = rest_.front() == '{' ? '}' : ')';
            const auto close = rest_.find(ends);
            if (close == std::string_view::npos)
                return common::fail(std::string("'%") + rest_.front() + "' has no '" + ends + "'",
                                    Side::config);
            const std::string_view inside = rest_.substr(1, close - 1);
            if (auto read = ends == '}' ? apply_flags(inside, options) : name_item(inside); !read)
                return read;
            rest_.remove_prefix(close + 1);
        }
        return rest_.starts_with('[') ? parse_expression(options) : parse_name(options);
    }

    // "name" or "name:type"
    common::Result<> name_item(std::string_view text) {
        const auto colon = text.find(':');
        as_.name = text.substr(0, colon);
        if (colon == std::string_view::npos) return {};
        const std::span<const TypeRow> types = kTypes;
        const TypeRow* row = common::find_row(types, text.substr(colon + 1));
        if (row == nullptr)
            return common::fail("'%(" + std::string(text) + ")': unknown type" +
                                    common::did_you_mean(text.substr(colon + 1), common::row_names(types)),
                                Side::config);
        as_.type = row->type;
        return {};
    }

    common::Result<> parse_expression(const RenderOptions& options) {
        const auto close = closing_bracket(rest_);
        if (close == std::string_view::npos) return common::fail("'%[' has no ']'", Side::config);
        const std::string_view text = trim_blanks(rest_.substr(1, close - 1));
        auto expression = Expression::parse(text, catalogue_, places_);
        if (!expression)
            return common::fail("in '%[" + std::string(text) + "]': " + expression.error().text,
                                Side::config);
        parts_.list.emplace_back(LogFormat::Parts::Value{std::move(*expression), options, std::move(as_)});
        rest_.remove_prefix(close + 1);
        return {};
    }

    common::Result<> parse_name(const RenderOptions& options) {
        std::size_t size = 0;
        while (size < rest_.size() && is_alnum(rest_[size])) ++size;
        const std::string_view name = rest_.substr(0, size);
        rest_.remove_prefix(size);
        if (name == "o") {
            defaults_ = parts_.whole = options;
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
        parts_.list.emplace_back(LogFormat::Parts::Variable{row, options, std::move(as_)});
        return {};
    }

    std::string_view rest_;
    LogFormat::Parts& parts_;
    Catalogue* catalogue_;
    Places places_;
    RenderOptions defaults_;
    ItemName as_;  // of the item being read
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
    if (parts_->whole.encoding != Encoding::none) return parts_->render_object(context, out);
    bool after_blank = true;
    for (const Parts::Part& part : parts_->list) {
        bool vanished = false;
        if (const auto* text = std::get_if<std::string>(&part)) {
            out += *text;
        } else if (const auto* variable = std::get_if<Parts::Variable>(&part)) {
            const std::size_t before = out.size();
            if (variable->options.encoding != Encoding::none)
                Parts::encode_alone(*variable, context, out);
            else
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

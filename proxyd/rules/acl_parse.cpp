// Reads `CRITERION [flags] PATTERN...` (configuration manual 7.1).
#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/rules/compiled_acl.h"

namespace proxyd::rules {
namespace {

// The nearest criterion: a derivative keeps its suffix ("pth_beg" is near "path_beg").
std::string nearest_criterion(std::string_view name) {
    const auto underscore = name.rfind('_');
    if (underscore != std::string_view::npos) {
        const MatchMethod* suffix = find_match_method(name.substr(underscore + 1));
        const std::string_view base = common::nearest(name.substr(0, underscore), fetch_names());
        if (suffix != nullptr && suffix->derives && !base.empty())
            return "; did you mean '" + std::string(base) + "_" + std::string(suffix->name) + "'?";
    }
    return common::did_you_mean(name, fetch_names());
}

// "path_beg(x)" is "path(x)" matched by prefix: the name that a fetch has, and the method that the suffix
// says.
bool split_derivative(std::string_view criterion, std::string& expression, const MatchMethod*& method) {
    const std::string_view name = criterion.substr(0, criterion.find_first_of("(,"));
    if (find_fetch(name) != nullptr) return false;
    const auto underscore = name.rfind('_');
    if (underscore == std::string_view::npos) return false;
    const FetchRow* fetch = find_fetch(name.substr(0, underscore));
    const MatchMethod* suffix = find_match_method(name.substr(underscore + 1));
    if (fetch == nullptr || suffix == nullptr || !suffix->derives || fetch->type != SampleType::string)
        return false;
    expression = std::string(fetch->name) + std::string(criterion.substr(name.size()));
    method = suffix;
    return true;
}

class TestParser {
 public:
    TestParser(std::string_view name, std::span<const std::string> words, Catalogue& catalogue,
               common::Location where, common::Diagnostics& out, AclTest& result)
        : words_(words), catalogue_(catalogue), where_(where), out_(out), result_(result) {
        if (!name.empty()) prefix_ = "acl '" + std::string(name) + "': ";
    }

    bool parse() { return parse_criterion() && parse_flags() && choose_method() && add_patterns(); }

 private:
    bool refuse(const std::string& message) {
        out_.error(where_, prefix_ + message);
        return false;
    }

    bool parse_criterion() {
        if (words_.empty()) return refuse("a criterion is missing (such as path_beg, hdr(host), src)");
        std::string text = words_[0];
        split_derivative(words_[0], text, derived_);
        auto expression = Expression::parse(text, &catalogue_);
        if (!expression) {
            const std::string_view name = std::string_view(text).substr(0, text.find_first_of("(,"));
            if (find_fetch(name) == nullptr)
                return refuse("unknown criterion '" + std::string(name) + "'" + nearest_criterion(name));
            return refuse(expression.error().text);
        }
        if (expression->has_converters()) derived_ = nullptr;  // the last converter's type decides
        result_.expression = std::move(*expression);
        position_ = 1;
        return true;
    }

    // Flags stand before the patterns; -i, -n, -f may also stand between flags and patterns of a later -f.
    bool parse_flags() {
        while (position_ < words_.size() && words_[position_].starts_with('-') &&
               words_[position_].size() == 2) {
            const std::string& flag = words_[position_];
            const bool takes_word = flag == "-f" || flag == "-m" || flag == "-u";
            if (takes_word && position_ + 1 >= words_.size())
                return refuse("'" + flag + "' needs a word after it");
            if (flag == "--") {
                ++position_;
                break;
            }
            if (flag == "-i") {
                flags_.ignore_case = true;
            } else if (flag == "-n") {
                flags_.no_names = true;
            } else if (flag == "-M") {
                map_ = true;
            } else if (flag == "-m") {
                if (!take_method(words_[position_ + 1])) return false;
            } else if (flag == "-f") {
                files_.push_back({words_[position_ + 1], flags_});
            } else if (flag == "-u") {
                if (!take_id(words_[position_ + 1])) return false;
            } else {
                break;  // a pattern such as "-1"
            }
            position_ += takes_word ? 2 : 1;
        }
        return true;
    }

    bool take_method(const std::string& name) {
        if (!files_.empty()) return refuse("'-m' must stand before '-f'");
        given_ = find_match_method(name);
        if (given_ != nullptr) return true;
        return refuse("unknown match method '" + name + "'" +
                      common::did_you_mean(name, common::row_names(match_methods())));
    }

    bool take_id(const std::string& text) {
        const auto id = common::parse_number(text, 0, INT32_MAX);
        if (!id) return refuse("'-u': " + id.error().text);
        for (const auto& list : catalogue_.patterns.all())
            if (list->id() == *id) return refuse("'-u': the number " + text + " is taken already");
        id_ = static_cast<int>(*id);
        return true;
    }

    // Of the fetch, as long as no converter makes something else of it.
    const MatchMethod* own_method() const {
        const std::string_view name = result_.expression.fetch().method;
        return name.empty() || result_.expression.has_converters() ? nullptr : find_match_method(name);
    }

    bool choose_method() {
        const SampleType type = result_.expression.type();
        result_.method = given_ != nullptr         ? given_
                         : derived_ != nullptr     ? derived_
                         : own_method() != nullptr ? own_method()
                                                   : default_match_method(type);
        if (result_.method == nullptr)
            return refuse(
                "samples of type " + std::string(name_of(type)) +
                " have no match method of their own: choose one with '-m' (found, str, bin, len, ...)");
        if (!castable(type, result_.method->input))
            return refuse("the match method '" + std::string(result_.method->name) +
                          "' does not fit a sample of type " + std::string(name_of(type)));
        return true;
    }

    bool add_patterns() {
        const auto words = words_.subspan(position_);
        PatternStore& store = catalogue_.patterns;
        for (const auto& [path, flags] : files_)
            if (!add_file(path, flags)) return false;
        const std::string_view criterion =
            std::string_view(words_[0]).substr(0, words_[0].find_first_of("(,"));
        PatternList& own = store.inline_list(criterion, where_);
        if (id_ >= 0) own.set_id(id_);
        if (result_.method->make == nullptr) {  // found, bool: further words are ignored, as in HAProxy
            for (const std::string& word : words) warn_of_operator(word);
            return true;
        }
        if (!fill(own, words)) return false;
        auto index = own.index(*result_.method, flags_);
        if (!index) return refuse(index.error().text);
        result_.lists.push_back(&own);
        result_.indexes.push_back(*index);
        return true;
    }

    bool fill(PatternList& list, std::span<const std::string> words) {
        std::string_view comparison;
        for (const std::string& word : words) {
            warn_of_operator(word);
            if (result_.method->compares && is_comparison(word)) {
                comparison = word;
                continue;
            }
            const auto pattern =
                comparison.empty() ? common::Result<std::string>(word) : compared_pattern(comparison, word);
            if (!pattern) return refuse(pattern.error().text);
            if (auto added = list.append(*pattern); !added) return refuse(added.error().text);
        }
        return true;
    }

    void warn_of_operator(const std::string& word) {
        if (warned_ || (word != "||" && word != "or")) return;
        warned_ = true;
        out_.warning(where_, prefix_ + "an acl line knows no operators: '" + word +
                                 "' and all words after it are further patterns of '" + words_[0] +
                                 "'; repeat the acl name on a line of its own for an alternative");
    }

    bool add_file(const std::string& path, PatternFlags flags) {
        auto list = catalogue_.patterns.file(path, map_, "acl", where_);
        if (!list) return refuse(list.error().text);
        if (result_.method->make == nullptr) return true;
        auto index = (*list)->index(*result_.method, flags);
        if (!index) return refuse(index.error().text);
        result_.lists.push_back(*list);
        result_.indexes.push_back(*index);
        return true;
    }

    std::span<const std::string> words_;
    Catalogue& catalogue_;
    common::Location where_;
    common::Diagnostics& out_;
    AclTest& result_;
    std::string prefix_;
    std::size_t position_ = 0;
    PatternFlags flags_;
    int id_ = -1;
    bool map_ = false, warned_ = false;
    std::vector<std::pair<std::string, PatternFlags>> files_;
    const MatchMethod* derived_ = nullptr;
    const MatchMethod* given_ = nullptr;
};

}  // namespace

bool parse_acl_test(std::string_view name, std::span<const std::string> words, Catalogue& catalogue,
                    common::Location where, common::Diagnostics& out, AclTest& result) {
    return TestParser(name, words, catalogue, where, out, result).parse();
}

}  // namespace proxyd::rules

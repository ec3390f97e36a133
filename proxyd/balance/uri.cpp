#include "proxyd/balance/uri.h"

#include <algorithm>

#include "common/text.h"
#include "proxyd/balance/arguments.h"
#include "proxyd/balance/hash.h"

namespace proxyd::balance {

namespace {

struct UriOptions {
    bool whole = false;      // with the query
    bool path_only = false;  // without the authority of an absolute URI
    std::size_t length = 0;  // 0: no limit
    std::size_t depth = 0;   // of slashes, 0: no limit
};

class Uri final : public HashAlgorithm {
 public:
    explicit Uri(const UriOptions& options) : options_(options) {}

 private:
    std::optional<std::uint32_t> hash(const rules::Context& context) const override {
        if (context.request == nullptr) return std::nullopt;
        std::string_view key =
            options_.path_only ? context.request->path_and_query() : context.request->target;
        if (!options_.whole) key = key.substr(0, key.find('?'));
        if (options_.length > 0) key = key.substr(0, options_.length);
        if (options_.depth > 0) key = key.substr(0, end_of_depth(key));
        return hash_of(key);
    }

    // Where the slash after `depth` levels stands; the leading one opens the first level.
    std::size_t end_of_depth(std::string_view key) const {
        std::size_t slashes = 0;
        for (std::size_t i = 0; i < key.size(); ++i)
            if (key[i] == '/' && slashes++ == options_.depth) return i;
        return key.size();
    }

    UriOptions options_;
};

}  // namespace

common::Result<std::unique_ptr<Algorithm>> make_uri(std::string_view parameter,
                                                    std::span<const std::string> words) {
    if (auto plain = no_arguments("uri", parameter, {}); !plain) return std::unexpected(plain.error());
    UriOptions options;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "whole") {
            options.whole = true;
        } else if (word == "path-only") {
            options.path_only = true;
        } else if ((word == "len" || word == "depth") && i + 1 < words.size()) {
            const auto number = common::parse_number(words[++i], 1, 65535);
            if (!number)
                return common::fail("balance uri " + word + ": " + number.error().text, common::Side::config);
            (word == "len" ? options.length : options.depth) = static_cast<std::size_t>(*number);
        } else {
            return common::fail(
                "balance uri takes 'whole', 'path-only', 'len NUMBER' and 'depth NUMBER', not '" + word + "'",
                common::Side::config);
        }
    }
    return std::make_unique<Uri>(options);
}

}  // namespace proxyd::balance

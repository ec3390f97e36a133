#include "proxyd/session/stats_access.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <optional>
#include <string>

#include "common/text.h"

namespace proxyd::session {

namespace {

constexpr std::size_t kLongestCredentials = 1024;

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() > kLongestCredentials || text.size() % 4 != 0) return std::nullopt;
    std::string plain(text.size() / 4 * 3, '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return std::nullopt;
    plain.resize(static_cast<std::size_t>(size));
    for (std::size_t i = text.size(); i > 0 && text[i - 1] == '='; --i) plain.pop_back();
    return plain;
}

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

bool is_stats_request(const StatsSettings& settings, const http::Message& request) {
    if (!settings.enabled) return false;
    const std::string_view path = request.path_and_query();
    if (!path.starts_with(settings.uri)) return false;
    const std::string_view rest = path.substr(settings.uri.size());
    // "/stats" is for /stats, /stats;csv, /stats?x and /stats/, not for /statsman.
    return rest.empty() || rest[0] == ';' || rest[0] == '?' || rest[0] == '/' || rest[0] == '&' ||
           settings.uri.ends_with('/');
}

bool stats_allowed(const StatsSettings& settings, const http::Message& request) {
    if (settings.users.empty()) return true;
    const http::Field* field = request.fields.find(http::FieldId::authorization);
    constexpr std::string_view kScheme = "basic ";
    if (!field || field->value.size() < kScheme.size() ||
        !common::iequals(field->value.substr(0, kScheme.size()), kScheme)) {
        return false;
    }
    const auto credentials = decode_base64(common::trim(field->value.substr(kScheme.size())));
    if (!credentials) return false;
    bool found = false;
    for (const std::string& user : settings.users) found |= same(user, *credentials);
    return found;
}

}  // namespace proxyd::session

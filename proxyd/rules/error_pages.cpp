#include "proxyd/rules/error_pages.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace proxyd::rules {
namespace {

// Text with bare line feeds in its header block gets proper line ends.
std::string with_line_ends(const std::string& text) {
    const auto body = std::min({text.find("\r\n\r\n"), text.find("\n\n")});
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool head = body == std::string::npos || i <= body + 1;
        if (head && text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
        out += text[i];
    }
    return out;
}

}  // namespace

common::Result<std::shared_ptr<const std::string>> read_error_page(const std::string& path) {
    constexpr std::size_t kLargest = 1U << 20;
    std::ifstream file(path, std::ios::binary);
    if (!file) return common::fail_errno("cannot open '" + path + "'");
    if (std::filesystem::is_directory(path)) return common::fail("'" + path + "' is a folder");
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.size() > kLargest) return common::fail("'" + path + "' is too large for a reply");
    text = with_line_ends(text);
    if (!text.empty() && !text.starts_with("HTTP/"))
        return common::fail("'" + path +
                            "' does not begin with a status line such as 'HTTP/1.1 503 Service Unavailable'");
    return std::make_shared<const std::string>(std::move(text));
}

}  // namespace proxyd::rules

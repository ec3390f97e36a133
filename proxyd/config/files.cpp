#include "proxyd/config/files.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "proxyd/config/source.h"

namespace proxyd::config {
namespace {

namespace fs = std::filesystem;
using common::fail;
using common::Result;
using common::Side;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio memory(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

bool has_certificate(const std::string& pem) {
    const Bio bio = memory(pem);
    const std::unique_ptr<X509, decltype(&X509_free)> read(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
    ERR_clear_error();
    return read != nullptr;
}

// Without a password: nobody is there to type one.
int no_password(char*, int, int, void*) {
    return -1;
}

bool has_key(const std::string& pem) {
    const Bio bio = memory(pem);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> read(
        PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr), &EVP_PKEY_free);
    ERR_clear_error();
    return read != nullptr;
}

Result<> check_pem(const std::string& path) {
    const auto pem = read_file(path);
    if (!pem) return std::unexpected(pem.error());
    if (!has_certificate(*pem))
        return fail("'" + path + "' holds no certificate in PEM format", Side::config);
    if (has_key(*pem)) return {};
    const auto key = read_file(path + ".key");
    if (!key || !has_key(*key))
        return fail("'" + path + "' holds no usable private key (nor does '" + path + ".key')", Side::config);
    return {};
}

// Files that HAProxy reads along with a certificate but that are none.
bool beside_certificate(const fs::path& path) {
    constexpr std::string_view kExtensions[] = {".key", ".ocsp", ".issuer", ".sctl"};
    return std::ranges::find(kExtensions, path.extension().string()) != std::end(kExtensions) ||
           path.filename().string().starts_with('.');
}

}  // namespace

std::string in_folder(std::string_view base, const std::string& path) {
    if (base.empty() || path.starts_with('/') || path.starts_with('@')) return path;
    return std::string(base) + "/" + path;
}

Result<> check_certificate(const std::string& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) return check_pem(path);
    std::size_t count = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
        if (!entry.is_regular_file() || beside_certificate(entry.path())) continue;
        if (const auto checked = check_pem(entry.path()); !checked) return checked;
        ++count;
    }
    if (error) return common::fail_errno("cannot read the folder '" + path + "'", error.value());
    if (count == 0) return fail("the folder '" + path + "' holds no certificate", Side::config);
    return {};
}

Result<> check_authority(const std::string& path) {
    std::error_code error;
    if (path == "@system-ca" || fs::is_directory(path, error)) return {};
    const auto pem = read_file(path);
    if (!pem) return std::unexpected(pem.error());
    if (!has_certificate(*pem))
        return fail("'" + path + "' holds no certificate in PEM format", Side::config);
    return {};
}

}  // namespace proxyd::config

#include "proxyd/config/files.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "proxyd/config/source.h"
#include "proxyd/net/tls_files.h"

namespace proxyd::config {
namespace {

namespace fs = std::filesystem;
using common::fail;
using common::Result;
using common::Side;

// The kinds of blocks of a PEM file. Their insides are left to the TLS library's own loading of the line,
// which follows: decoding a key costs it milliseconds, and would cost them twice.
struct PemBlocks {
    bool certificate = false;
    bool key = false;  // without a password: nobody is there to type one
};

PemBlocks pem_blocks(const std::string& text) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
    PemBlocks found;
    char *name = nullptr, *header = nullptr;
    unsigned char* data = nullptr;
    long length = 0;
    while (PEM_read_bio(bio.get(), &name, &header, &data, &length) == 1) {
        const std::string_view kind = name;
        if (kind.ends_with("CERTIFICATE")) found.certificate = true;
        if (kind.ends_with("PRIVATE KEY") && !kind.starts_with("ENCRYPTED") &&
            std::string_view(header).find("ENCRYPTED") == std::string_view::npos)
            found.key = true;
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, static_cast<std::size_t>(length));
    }
    ERR_clear_error();  // "no start line": the end of the file
    return found;
}

Result<> check_pem(const std::string& path, const std::string& key_path,
                   const net::CertificateExtras& extras) {
    const auto pem = read_file(path);
    if (!pem) return std::unexpected(pem.error());
    const PemBlocks blocks = pem_blocks(*pem);
    if (!blocks.certificate) return fail("'" + path + "' holds no certificate in PEM format", Side::config);
    if (!key_path.empty()) {
        const auto own = read_file(key_path);
        if (!own) return std::unexpected(own.error());
        if (pem_blocks(*own).key) return {};
        return fail("'" + key_path + "' holds no usable private key", Side::config);
    }
    if (blocks.key) return {};
    const std::string beside = net::beside_name(path, ".key", extras);
    const auto key = read_file(beside);
    if (!key || !pem_blocks(*key).key)
        return fail("'" + path + "' holds no usable private key (nor does '" + beside + "')", Side::config);
    return {};
}

}  // namespace

std::string in_folder(std::string_view base, const std::string& path) {
    if (base.empty() || path.starts_with('/') || path.starts_with('@')) return path;
    return std::string(base) + "/" + path;
}

Result<> check_certificate(const net::CertificateFiles& files, const net::CertificateExtras& extras) {
    const std::string& path = files.chain;
    std::error_code error;
    if (!fs::is_directory(path, error)) return check_pem(path, files.key, extras);
    std::size_t count = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
        if (!entry.is_regular_file() || net::beside_certificate(entry.path())) continue;
        if (const auto checked = check_pem(entry.path(), {}, extras); !checked) return checked;
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
    if (!pem_blocks(*pem).certificate)
        return fail("'" + path + "' holds no certificate in PEM format", Side::config);
    return {};
}

}  // namespace proxyd::config

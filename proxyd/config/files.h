// Files that a configuration refers to: opened while it is read, so that a missing one is told with its line.
#pragma once

#include <string>
#include <string_view>

#include "common/error.h"
#include "proxyd/net/settings.h"

namespace proxyd::config {

// `path` as it is when absolute or when there is no base, else below `base` (crt-base, ca-base).
std::string in_folder(std::string_view base, const std::string& path);

// A PEM file with certificate and key (the key may be in a file of its own, or in CHAIN.key), or a folder of
// such.
common::Result<> check_certificate(const net::CertificateFiles& files, const net::CertificateExtras& extras);

// A PEM file with certificates, a folder of hashed ones, or @system-ca.
common::Result<> check_authority(const std::string& path);

}  // namespace proxyd::config

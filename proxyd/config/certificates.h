// Certificates that lines name: files, folders, lists, and those of `crt-store` sections (configuration
// manual 5.1 "crt", "crt-list"; 3.11 "crt-store" since HAProxy 3.0).
#pragma once

#include <string>

#include "proxyd/config/reading.h"

namespace proxyd::config {

// What `crt` names: "@STORE/NAME" or a path below crt-base. Fails when it cannot be read or holds no key.
common::Result<net::CertificateFiles> find_certificate(const Reading& in, const std::string& text);

void open_crt_store(Reading& in, const Statement& line);

}  // namespace proxyd::config

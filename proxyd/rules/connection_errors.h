// What can go wrong with a client's connection before its first request: numbers and words that fc_err,
// fc_err_str and error log lines show (configuration manual 8.2.5).
#pragma once

#include <array>
#include <string_view>

namespace proxyd::rules {

enum class ConnectionError : int {
    none = 0,
    proxy_empty = 11,
    proxy_aborted = 12,
    proxy_timeout = 13,
    proxy_truncated = 14,
    proxy_missing = 15,
    proxy_invalid = 16,
    proxy_protocol = 17,
    netscaler_empty = 18,
    netscaler_aborted = 19,
    netscaler_timeout = 20,
    netscaler_truncated = 21,
    netscaler_magic = 22,
    netscaler_protocol = 23,
    tls_empty = 24,
    tls_timeout = 26,
    tls_too_many = 27,
    tls_certificate = 31,
    tls_handshake = 34,
};

struct ConnectionErrorRow {
    ConnectionError error;
    std::string_view text;
};
inline constexpr std::array kConnectionErrors{
    ConnectionErrorRow{ConnectionError::none, "Success"},
    ConnectionErrorRow{ConnectionError::proxy_empty,
                       "Connection closed while waiting for PROXY protocol header"},
    ConnectionErrorRow{ConnectionError::proxy_aborted,
                       "Connection error while waiting for PROXY protocol header"},
    ConnectionErrorRow{ConnectionError::proxy_timeout, "Timeout while waiting for PROXY protocol header"},
    ConnectionErrorRow{ConnectionError::proxy_truncated, "Truncated PROXY protocol header received"},
    ConnectionErrorRow{ConnectionError::proxy_missing,
                       "Received something which does not look like a PROXY protocol header"},
    ConnectionErrorRow{ConnectionError::proxy_invalid, "Received an invalid PROXY protocol header"},
    ConnectionErrorRow{ConnectionError::proxy_protocol,
                       "Received an unhandled protocol in the PROXY protocol header"},
    ConnectionErrorRow{ConnectionError::netscaler_empty,
                       "Connection closed while waiting for NetScaler Client IP header"},
    ConnectionErrorRow{ConnectionError::netscaler_aborted,
                       "Connection error while waiting for NetScaler Client IP header"},
    ConnectionErrorRow{ConnectionError::netscaler_timeout,
                       "Timeout while waiting for a NetScaler Client IP header"},
    ConnectionErrorRow{ConnectionError::netscaler_truncated, "Truncated NetScaler Client IP header received"},
    ConnectionErrorRow{ConnectionError::netscaler_magic,
                       "Received an invalid NetScaler Client IP magic number"},
    ConnectionErrorRow{ConnectionError::netscaler_protocol,
                       "Received an unhandled protocol in the NetScaler Client IP header"},
    ConnectionErrorRow{ConnectionError::tls_empty, "Connection closed during SSL handshake"},
    ConnectionErrorRow{ConnectionError::tls_timeout, "Timeout during SSL handshake"},
    ConnectionErrorRow{ConnectionError::tls_too_many, "Too many SSL connections"},
    ConnectionErrorRow{ConnectionError::tls_certificate, "SSL client certificate not trusted"},
    ConnectionErrorRow{ConnectionError::tls_handshake, "SSL handshake failure"},
};

// Empty for numbers that do not happen here.
constexpr std::string_view connection_error_text(int number) {
    for (const ConnectionErrorRow& row : kConnectionErrors)
        if (static_cast<int>(row.error) == number) return row.text;
    return {};
}

}  // namespace proxyd::rules

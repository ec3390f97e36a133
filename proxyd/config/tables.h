// The tables of all keyword families, each defined in the kw_*.cpp file of its name.
#pragma once

#include <vector>

#include "proxyd/config/keyword.h"

namespace proxyd::config {

std::span<const Keyword> process_keywords();
std::span<const Keyword> environment_keywords();
std::span<const Keyword> cpu_keywords();
std::span<const Keyword> limit_keywords();
std::span<const Keyword> tuning_keywords();
std::span<const Keyword> http_tuning_keywords();
std::span<const Keyword> socket_keywords();
std::span<const Keyword> unix_bind_keywords();
std::span<const Keyword> variable_keywords();
std::span<const Keyword> tls_keywords();
std::span<const Keyword> crt_store_keywords();
std::span<const Keyword> httpclient_keywords();
std::span<const Keyword> stats_socket_keywords();  // prefix "stats", in global
std::span<const Keyword> log_keywords();
std::span<const Keyword> log_profile_keywords();
std::span<const Keyword> proxy_keywords();
std::span<const Keyword> timeout_keywords();  // prefix "timeout"
std::span<const Keyword> old_timeout_keywords();
std::span<const Keyword> keep_alive_keywords();
std::span<const Keyword> option_keywords();           // prefix "option"
std::span<const Keyword> header_option_keywords();    // prefix "option"
std::span<const Keyword> log_option_keywords();       // prefix "option"
std::span<const Keyword> check_option_keywords();     // prefix "option"
std::span<const Keyword> http_check_keywords();       // prefix "http-check"
std::span<const Keyword> dialogue_option_keywords();  // prefix "option": tcp-check, redis-check ...
std::span<const Keyword> tcp_check_keywords();        // prefix "tcp-check"
std::span<const Keyword> external_check_keywords();   // prefix "external-check"
std::span<const Keyword> balance_keywords();
std::span<const Keyword> server_keywords();
std::span<const Keyword> persistence_keywords();
std::span<const Keyword> stick_keywords();  // prefix "stick"
std::span<const Keyword> error_keywords();
std::span<const Keyword> rule_keywords();
std::span<const Keyword> tcp_request_keywords();   // prefix "tcp-request"
std::span<const Keyword> tcp_response_keywords();  // prefix "tcp-response"
std::span<const Keyword> declare_keywords();       // prefix "declare"
std::span<const Keyword> capture_keywords();       // prefix "capture"
std::span<const Keyword> stats_page_keywords();    // prefix "stats", in proxies
std::span<const Keyword> program_keywords();
std::span<const Keyword> program_option_keywords();  // prefix "option", in program sections
std::span<const Keyword> other_section_keywords();
std::span<const Keyword> userlist_keywords();
std::span<const Keyword> resolvers_keywords();
std::span<const Keyword> cache_keywords();
std::span<const Keyword> peers_keywords();
std::span<const Keyword> mailers_keywords();
std::span<const Keyword> mail_alert_keywords();  // prefix "email-alert"
std::span<const Keyword> ring_keywords();
std::span<const Keyword> log_forward_keywords();
std::span<const Keyword> fcgi_app_keywords();
std::span<const Keyword> fcgi_app_option_keywords();  // prefix "option"
std::span<const Keyword> compression_keywords();      // prefix "compression"
std::span<const Keyword> stick_table_keywords();

}  // namespace proxyd::config

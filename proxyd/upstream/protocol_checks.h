// Health checks that speak a little of a protocol (configuration manual 4.2: option redis-check, smtpchk,
// pgsql-check, ldap-check, mysql-check, ssl-hello-chk), as sequences of steps. Pure.
#pragma once

#include <string>
#include <string_view>

#include "proxyd/upstream/check_step.h"

namespace proxyd::upstream {

CheckSequence redis_check();
// `greeting`: HELO or EHLO with a name.
CheckSequence smtp_check(std::string_view greeting);
CheckSequence postgres_check(std::string_view user);
CheckSequence ldap_check();
// Without a user the server's greeting is the check.
enum class MysqlClient : unsigned char { before_41, since_41 };
CheckSequence mysql_check(std::string_view user, MysqlClient client);
// A ClientHello of SSLv3, whatever answers it: a record of handshake or alert.
CheckSequence ssl_hello_check();

}  // namespace proxyd::upstream

// Exit statuses, as keepalived's (lib/scheduler.h there): init scripts and service managers look at them.
#pragma once

namespace vrrpd::admin {

inline constexpr int kExitGood = 0;
inline constexpr int kExitFailed = 1;        // could not start, or a bad command line
inline constexpr int kExitConfig = 2;        // the configuration was refused
inline constexpr int kExitNoPermission = 4;  // what it needs is forbidden here
inline constexpr int kExitNoConfig = 6;      // there is no configuration, or it cannot be read

// Of -t.
inline constexpr int kTestCannotRun = 4;  // it would be refused; keepalived says 0 where there is no file
inline constexpr int kTestWarnings = 5;   // it would run, but look at it
inline constexpr int kTestInsecure = 6;   // it would run, but enable_script_security forbids a script

}  // namespace vrrpd::admin

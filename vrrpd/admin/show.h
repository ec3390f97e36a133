// `vrrpd --show`: what an operator wants to know when the pager rings, from the status of the running keeper.
// Trouble is marked with '!' and comes first.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>

namespace vrrpd::admin {

// The whole page from status_of()'s value, which may be that of another version: what is missing is left out.
std::string render_status(const boost::json::value& status);

// "3 d 4 h", "2 min 5 s", "0.42 s", "12 ms": the two largest units.
std::string format_age(std::int64_t milliseconds);

}  // namespace vrrpd::admin

// `mailers` sections and `email-alert` lines (configuration manual 3.6, 4.2). Filled by config/.
#pragma once

#include <string>
#include <vector>

#include "common/clock.h"
#include "common/endpoint.h"

namespace proxyd::observe {

struct Mailers {
    struct Mailer {
        std::string name;
        common::Endpoint address;
    };
    std::vector<Mailer> mailers;
    common::Duration timeout = std::chrono::seconds(10);  // of a connection and of each step
};

// Where a section's alerts go. Complete: all of them are set.
struct MailAlert {
    std::string from, to, hostname;
    int level = 1;  // the least urgent that is sent, as in RFC 5424
    Mailers mailers;
};

}  // namespace proxyd::observe

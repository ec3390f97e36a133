// `fcgi-app` sections (configuration manual 10.1), and who uses them.
#pragma once

#include "proxyd/config/reading.h"

namespace proxyd::config {

void open_fcgi_app(Reading& in, const Statement& line);

// `use-fcgi-app NAME` and `filter fcgi-app NAME`.
void use_fcgi_app(Reading& in, const Statement& line, const std::string& name);

// Into the model; gives sections and servers their application, and checks what needs all of them.
void finish_fcgi_apps(Reading& in);

}  // namespace proxyd::config

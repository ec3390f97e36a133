// bind, server and their kin as keywords; their words are in bind_line.cpp and server_line.cpp.
#include "proxyd/config/arguments.h"
#include "proxyd/config/bind_line.h"
#include "proxyd/config/server_line.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

constexpr Keyword kKeywords[] = {
    works("bind", kFrontend | kListen, 1, -1, read_bind_line, "<addresses> [<words>]",
          "accept clients there"),
    works("default-server", kBackendSide, 1, -1, read_default_server_line, "<words>",
          "words for the servers that follow"),
    works("server", kBackend | kListen, 2, -1, read_server_line, "<name> <address> [<words>]", "a server"),
    works("server-template", kBackend | kListen, 3, -1, read_server_template_line,
          "<prefix> <number or range> <address> [<words>]", "many servers of one kind"),
};

}  // namespace

std::span<const Keyword> server_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config

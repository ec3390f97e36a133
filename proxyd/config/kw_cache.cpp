// `cache` sections (configuration manual 6.2.1).
#include "common/keyword_table.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/caches.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using cache::Settings;

constexpr std::uint64_t kMegabyte = 1024 * 1024;

Settings& section(Reading& in) {
    return *in.model.catalogue->caches[in.section_name];
}

void set_total_size(Reading& in, const Statement& line) {
    int megabytes = 0;
    if (read_number(in, line, 0, 1, 4095, megabytes))
        section(in).total_size = static_cast<std::uint64_t>(megabytes) * kMegabyte;
}

void set_max_object(Reading& in, const Statement& line) {
    int bytes = 0;
    if (read_number(in, line, 0, 1, 0x7fffffff, bytes))
        section(in).max_object = static_cast<std::uint64_t>(bytes);
}

void set_max_age(Reading& in, const Statement& line) {
    int seconds = 0;
    if (read_number(in, line, 0, 1, 0x7fffffff, seconds)) section(in).max_age = seconds;
}

void set_process_vary(Reading& in, const Statement& line) {
    const std::string& word = line.argument(0);
    if (word != "on" && word != "off")
        return in.error(line, "'process-vary' is on or off, not '" + word + "'");
    section(in).process_vary = word == "on";
}

void set_max_variants(Reading& in, const Statement& line) {
    int count = 0;
    if (read_number(in, line, 0, 1, 0x7fffffff, count))
        section(in).max_variants = static_cast<std::size_t>(count);
}

constexpr Keyword kKeywords[] = {
    works("total-max-size", kCache, 1, 1, set_total_size, "<megabytes>", "memory for all responses"),
    works("max-object-size", kCache, 1, 1, set_max_object, "<bytes>", "larger ones are not stored"),
    works("max-age", kCache, 1, 1, set_max_age, "<seconds>", "nothing is kept longer"),
    works("process-vary", kCache, 1, 1, set_process_vary, "on|off",
          "responses with Vary are stored, too, if it names Accept-Encoding, Referer or Origin"),
    works("max-secondary-entries", kCache, 1, 1, set_max_variants, "<number>",
          "variants of one address at most"),
};

void check(Reading& in, Settings& settings) {
    if (settings.total_size == 0)
        return in.out.error(settings.where, "cache '" + settings.name + "' needs 'total-max-size'");
    if (settings.object_limit() > settings.total_size / 2)
        in.out.error(settings.where, "cache '" + settings.name +
                                         "': 'max-object-size' is at most half of 'total-max-size' (" +
                                         std::to_string(settings.total_size / 2) + ")");
}

}  // namespace

std::span<const Keyword> cache_keywords() {
    return kKeywords;
}

void open_cache(Reading& in, const Statement& line) {
    auto& settings = in.model.catalogue->caches[line.words[1]];
    if (settings == nullptr) settings = std::make_shared<Settings>();
    if (settings->where.line != 0) {
        in.error(line, "there is already a cache named '" + line.words[1] + "'");
        in.skip_section = true;
        return;
    }
    settings->name = line.words[1];
    settings->where = line.where;
}

void finish_caches(Reading& in) {
    std::vector<std::string_view> names;
    for (const auto& [name, settings] : in.model.catalogue->caches)
        if (settings->where.line != 0) {
            settings->index = names.size();
            names.push_back(name);
            check(in, *settings);
        }
    for (const auto& [name, settings] : in.model.catalogue->caches)
        if (settings->where.line == 0)
            in.out.error(settings->mentioned,
                         "unable to find cache '" + name + "'" + common::did_you_mean(name, names));
}

}  // namespace proxyd::config

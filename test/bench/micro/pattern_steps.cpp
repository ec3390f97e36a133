// Lists of acls: one entry or a hundred thousand, of one length or prefix length, so that what is counted is
// the index and not the shape of the entries.
#include <memory>
#include <stdexcept>
#include <string>

#include "proxyd/rules/patterns/list.h"
#include "step.h"

namespace bench {

namespace {

using namespace proxyd::rules;

constexpr int kDigits = 6;

std::string digits(int number) {
    const std::string text = std::to_string(number);
    return std::string(static_cast<std::size_t>(kDigits) - text.size(), '0') + text;
}

struct List {
    PatternList list{{}, false};
    const PatternIndex* index = nullptr;
    Sample hit, miss;
    std::string hit_text, miss_text;

    void look_up(std::string_view method, std::string hits, std::string misses) {
        const auto made = list.index(*find_match_method(method), {});
        if (!made) throw std::logic_error(made.error().text);
        index = *made;
        hit_text = std::move(hits);
        miss_text = std::move(misses);
        hit.set_text(hit_text);
        miss.set_text(miss_text);
        if (!cast(hit, index->method->input, nullptr) || !cast(miss, index->method->input, nullptr))
            throw std::logic_error("not castable");
        if (index->live->match(hit) == nullptr || index->live->match(miss) != nullptr)
            throw std::logic_error("wrong match");
    }
};

Work looks(std::shared_ptr<List> list) {
    return [list = std::move(list)] {
        keep(list->index->live->match(list->hit));
        keep(list->index->live->match(list->miss));
    };
}

void fill(List& list, int entries, const std::string& before, const std::string& after) {
    for (int i = 0; i < entries; ++i)
        if (!list.list.append(before + digits(i) + after)) throw std::logic_error("refused");
}

}  // namespace

Work pattern_exact(int entries) {
    auto list = std::make_shared<List>();
    fill(*list, entries, "host", ".example");
    list->look_up("str", "host000000.example", "other00000.example");
    return looks(list);
}

Work pattern_prefix(int entries) {
    auto list = std::make_shared<List>();
    fill(*list, entries, "/site", "/");
    list->look_up("beg", "/site000000/index.html", "/other00000/index.html");
    return looks(list);
}

Work pattern_suffix(int entries) {
    auto list = std::make_shared<List>();
    fill(*list, entries, ".site", ".example");
    list->look_up("end", "www.site000000.example", "www.other00000.example");
    return looks(list);
}

Work pattern_domain(int entries) {
    auto list = std::make_shared<List>();
    fill(*list, entries, "site", ".example");
    list->look_up("dom", "www.site000000.example", "www.other00000.example");
    return looks(list);
}

Work pattern_substring(int entries) {
    auto list = std::make_shared<List>();
    fill(*list, entries, "", "=token");
    list->look_up("sub", "/path?key000000=token&x=1", "/path?key=no-token-of-these");
    return looks(list);
}

Work pattern_network(int entries) {
    auto list = std::make_shared<List>();
    for (int i = 0; i < entries; ++i) {
        const std::string network = std::to_string(1 + i / 65536) + "." + std::to_string(i / 256 % 256) +
                                    "." + std::to_string(i % 256) + ".0/24";
        if (!list->list.append(network)) throw std::logic_error("refused");
    }
    list->look_up("ip", "1.0.0.7", "203.0.113.7");
    return looks(list);
}

Work pattern_number(int entries) {
    auto list = std::make_shared<List>();
    for (int i = 0; i < entries; ++i)
        if (!list->list.append(std::to_string(2 * i))) throw std::logic_error("refused");
    list->look_up("int", "0", "1");
    return looks(list);
}

}  // namespace bench

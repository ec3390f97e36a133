// Conditions, rewrites, choice of the backend, log lines: compiled from configuration text as in the daemon.
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include "exchange.h"
#include "proxyd/config/model.h"
#include "proxyd/rules/logs/format.h"
#include "proxyd/session/phases.h"
#include "step.h"

namespace bench {

namespace {

struct Site {
    explicit Site(const std::string& frontend_lines, int backends = 1) {
        std::string text =
            "defaults\n mode http\n timeout client 1m\n timeout connect 1m\n timeout server 1m\n";
        text += "frontend www\n bind 127.0.0.1:1\n" + frontend_lines + " default_backend b0\n";
        for (int i = 0; i < backends; ++i)
            text += "backend b" + std::to_string(i) + "\n server s 127.0.0.1:2\n";
        common::Diagnostics diagnostics;
        model = proxyd::config::load_text(text, "bench", diagnostics);
        if (!model) throw std::logic_error(diagnostics.all().front().message);
        frontend = model->find("www", true, false);
    }
    std::shared_ptr<const proxyd::config::Model> model;
    const proxyd::session::ProxySettings* frontend = nullptr;
    Exchange exchange;
};

// `anew`: the rules change the request, so that each run parses it again.
Work run_request_rules(const std::string& lines, bool anew) {
    auto site = std::make_shared<Site>(lines);
    return [site, anew] {
        if (anew) site->exchange.begin();
        keep(proxyd::session::run_phase(proxyd::session::Phase::frontend_request, *site->frontend, nullptr,
                                        site->exchange.context)
                 .kind);
    };
}

// The rule that holds is the last one: all before it are looked at, or skipped by better means.
Work choose_backend(const std::string& lines, int rules) {
    auto site = std::make_shared<Site>(lines, rules);
    const int wanted = proxyd::session::choose_backend(*site->frontend, site->exchange.context);
    if (site->model->proxies[static_cast<std::size_t>(wanted)]->name != "b" + std::to_string(rules - 1))
        throw std::logic_error("the last rule does not hold");
    return [site] { keep(proxyd::session::choose_backend(*site->frontend, site->exchange.context)); };
}

std::string use_backend(int index, const std::string& condition) {
    return " use_backend b" + std::to_string(index) + " if { " + condition + " }\n";
}

}  // namespace

Work conditions(int acls) {
    std::string lines;
    for (int i = 0; i < acls; ++i) {
        const std::string number = std::to_string(i);
        lines += " acl a" + number + " path_beg /never" + number + " /neither" + number + "\n";
        lines += " http-request deny if a" + number + "\n";
    }
    return run_request_rules(lines, false);
}

Work rewrites(int rules) {
    std::string lines;
    for (int i = 0; i < rules; ++i)
        lines +=
            " http-request set-header X-Mark-" + std::to_string(i) + " value-" + std::to_string(i) + "\n";
    return run_request_rules(lines, true);
}

Work log_line(int) {
    struct State {
        proxyd::rules::LogFormat format;
        Exchange exchange;
        std::string out;
    };
    auto state = std::make_shared<State>();
    state->format = *proxyd::rules::LogFormat::compile(proxyd::rules::kHttpLogFormat);
    return [state] {
        state->out.clear();
        state->format.render(state->exchange.context, state->out);
        keep(state->out.size());
    };
}

Work choose_by_host(int rules) {
    std::string lines;
    for (int i = 0; i < rules; ++i)
        lines += use_backend(i, "hdr(host) -i " + (i == rules - 1 ? std::string("www.example.org")
                                                                  : "site" + std::to_string(i) + ".example"));
    return choose_backend(lines, rules);
}

Work choose_by_mixed_rules(int rules) {
    std::string lines;
    for (int i = 0; i < rules; ++i) {
        const std::string number = std::to_string(i);
        const std::string mixed[] = {"hdr(host) -i site" + number + ".example",
                                     "path_beg /site" + number + "/", "hdr(x-site) site" + number};
        lines += use_backend(i, i == rules - 1 ? "path_beg /shop/" : mixed[i % 3]);
    }
    return choose_backend(lines, rules);
}

}  // namespace bench

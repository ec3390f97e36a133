#include "proxyd/rules/variables.h"

#include <list>

#include "proxyd/rules/expression.h"
#include "rules_fixture.h"

using namespace proxyd::rules;
using test::words;

namespace {

// One exchange with all scopes, and rules to run on it.
struct Stage : test::Exchange {
    ExchangeVariables exchange;
    Variables session{true}, check{true};
    AclSet acls;
    std::list<RuleSet> configuration;
    std::list<Expression> expressions;

    Stage() {
        context.variables = &exchange;
        context.session_variables = &session;
        context.check_variables = &check;
    }

    void run(std::string_view line, Phase phase = Phase::http_request) {
        common::Diagnostics diagnostics;
        RuleSet& rules = configuration.emplace_back();  // names of variables lie there
        INFO(line);
        const bool added = rules.add(phase, words(line), acls, {"t", 1}, diagnostics);
        INFO(test::first_message(diagnostics));
        REQUIRE(added);
        rules.run(context);
    }
    std::string refusal(std::string_view line) {
        common::Diagnostics diagnostics;
        RuleSet rules;
        CHECK_FALSE(rules.add(Phase::http_request, words(line), acls, {"t", 1}, diagnostics));
        return test::first_message(diagnostics);
    }
    // The expression's text; "-" when it has no value.
    std::string value(std::string_view text) {
        INFO(text);
        const auto expression = Expression::parse(text, acls.catalogue().get());
        if (!expression) FAIL(expression.error().text);
        expressions.push_back(*expression);
        Sample sample;
        if (!expressions.back().evaluate(context, sample)) return "-";
        TextBuffer buffer;
        return std::string(to_text(sample, buffer));
    }
};

}  // namespace

TEST_CASE("a variable keeps value and type in each scope") {
    Stage stage;
    for (const char* scope : {"proc", "sess", "txn", "req", "check"}) {
        const std::string name = std::string(scope) + ".a_1.B";
        INFO(name);
        CHECK(stage.value("var(" + name + ")") == "-");
        stage.run("set-var(" + name + ") int(41)");
        CHECK(stage.value("var(" + name + "),add(1)") == "42");
        stage.run("set-var(" + name + ") req.hdr(host),upper");
        CHECK(stage.value("var(" + name + ")") == "WWW.EXAMPLE.COM");
        stage.run("set-var(" + name + ") src");
        CHECK(stage.value("var(" + name + "),ipmask(24)") == "192.0.2.0");
        stage.run("unset-var(" + name + ")");
        CHECK(stage.value("var(" + name + ")") == "-");
    }
    // Scopes are apart.
    stage.run("set-var(txn.x) str(t)");
    CHECK(stage.value("var(req.x)") == "-");
    CHECK(stage.value("var(sess.x,none)") == "none");
}

TEST_CASE("req ends where res begins") {
    Stage stage;
    stage.run("set-var(req.a) str(1)");
    stage.run("set-var(res.a) str(2)");
    CHECK(stage.value("var(res.a)") == "-");
    CHECK(stage.value("var(req.a)") == "1");
    stage.with_response({});
    CHECK(stage.value("var(req.a)") == "-");
    stage.run("set-var(res.a) str(2)", Phase::http_response);
    CHECK(stage.value("var(res.a)") == "2");
    stage.exchange.clear();
    CHECK(stage.value("var(res.a)") == "-");
}

TEST_CASE("formats, converters and conditions") {
    Stage stage;
    stage.run("set-var-fmt(txn.f) %[src]:%[dst_port]");
    CHECK(stage.value("var(txn.f)") == "192.0.2.7:80");
    CHECK(stage.value("str(abc),set-var(txn.c),upper") == "ABC");
    CHECK(stage.value("var(txn.c)") == "abc");
    CHECK(stage.value("str(x),unset-var(txn.c)") == "x");
    CHECK(stage.value("var(txn.c)") == "-");
    stage.run("set-var(txn.n) int(7)");
    CHECK(stage.value("int(5),add(txn.n)") == "12");
    CHECK(stage.value("int(5),mul(txn.none)") == "-");
    CHECK(stage.value("str(a),concat(-,txn.n,!)") == "a-7!");
    CHECK(stage.value("str(a),concat(-,txn.none,!)") == "a-!");
    stage.run("set-var(txn.s) str(b)");
    CHECK(stage.value("str(b),strcmp(txn.s)") == "0");
    CHECK(stage.value("str(a),strcmp(txn.s)") == "-1");
    CHECK(stage.value("str(c),strcmp(txn.s)") == "1");

    struct Row {
        const char* before;  // null: not set
        const char* condition;
        const char* value;
        const char* after;
    };
    for (const Row& row : {
             Row{nullptr, "ifexists", "str(v)", "-"},
             Row{"str(o)", "ifexists", "str(v)", "v"},
             Row{nullptr, "ifnotexists", "str(v)", "v"},
             Row{"str(o)", "ifnotexists", "str(v)", "o"},
             Row{"str(o)", "ifempty", "str(v)", "o"},
             Row{"str(o)", "ifnotempty", "str(v)", "v"},
             Row{"str(o)", "ifset", "str(v)", "v"},
             Row{"str(o)", "ifnotset", "str(v)", "o"},
             Row{"int(5)", "ifgt", "int(4)", "4"},
             Row{"int(5)", "ifgt", "int(6)", "5"},
             Row{"int(5)", "iflt", "int(6)", "6"},
             Row{"int(5)", "iflt", "int(4)", "5"},
             Row{"int(5)", "ifexists,ifgt", "int(4)", "4"},
         }) {
        INFO(row.condition);
        stage.exchange.clear();
        if (row.before != nullptr) stage.run("set-var(txn.v) " + std::string(row.before));
        stage.run("set-var(txn.v," + std::string(row.condition) + ") " + row.value);
        CHECK(stage.value("var(txn.v)") == row.after);
        stage.exchange.clear();
        if (row.before != nullptr) stage.run("set-var(txn.v) " + std::string(row.before));
        stage.value(std::string(row.value) + ",set-var(txn.v," + row.condition + ")");
        CHECK(stage.value("var(txn.v)") == row.after);
    }
}

TEST_CASE("names and actions that are refused") {
    Stage stage;
    CHECK(stage.refusal("set-var(user) str(a)").find("must start with its scope") != std::string::npos);
    CHECK(stage.refusal("set-var(txn.) str(a)").find("may follow the scope") != std::string::npos);
    CHECK(stage.refusal("set-var(txn.a-b) str(a)").find("may follow the scope") != std::string::npos);
    CHECK(stage.refusal("set-var(txn.a,ifodd) str(a)").find("unknown condition 'ifodd'") !=
          std::string::npos);
    CHECK(stage.refusal("set-var(txn.a)").find("needs a sample expression") != std::string::npos);
    CHECK(stage.refusal("set-var str(a)").find("needs an argument in parentheses") != std::string::npos);
    CHECK(stage.refusal("deny(1)").find("takes no parentheses") != std::string::npos);
    CHECK(stage.refusal("set-var(txn.a) str(a) if { var(txn.a) b }").find("'-m'") != std::string::npos);
}

TEST_CASE("limits of a scope and of those around it") {
    Stage stage;
    VariableSpace& space = *stage.acls.catalogue()->variables;
    space.set_limit(VariableScope::transaction, 2 * Variables::kOverhead + 10);
    stage.run("set-var(txn.a) str(12345)");
    stage.run("set-var(txn.b) str(123456)");  // one byte too many
    CHECK(stage.value("var(txn.a)") == "12345");
    CHECK(stage.value("var(txn.b)") == "-");
    stage.run("set-var(req.c) str(12345)");  // req counts in txn
    CHECK(stage.value("var(req.c)") == "12345");
    stage.run("set-var(req.d) int(1)");
    CHECK(stage.value("var(req.d)") == "-");
    space.set_limit(VariableScope::process, Variables::kOverhead);
    stage.run("set-var(proc.a) int(1)");
    stage.run("set-var(proc.b) int(1)");
    CHECK(stage.value("var(proc.a)") == "1");
    CHECK(stage.value("var(proc.b)") == "-");
    stage.run("unset-var(proc.a)");
    stage.run("set-var(proc.b) int(1)");
    CHECK(stage.value("var(proc.b)") == "1");
}

#include "vrrpd/config/macros.h"

#include <catch2/catch.hpp>

using namespace vrrpd::config;

namespace {

struct Result {
    std::string lines;
    common::Diagnostics diagnostics;
};

Result expand(const std::vector<std::string>& lines) {
    Result out;
    Macros macros("nfs1", out.diagnostics);
    macros.set_directory("/etc/vrrpd");
    std::vector<SourceLine> read;
    int number = 0;
    for (const std::string& line : lines) macros.feed(line, {"f", ++number}, read);
    for (const SourceLine& line : read) out.lines += std::to_string(line.where.line) + ":" + line.text + "|";
    return out;
}

}  // namespace

TEST_CASE("conditions on the configuration id") {
    CHECK(expand({"@nfs1 priority 101", "@nfs2 priority 100", "@^nfs2 a", "@^nfs1 b", "c"}).lines ==
          "1: priority 101|3: a|5:c|");
}

TEST_CASE("definitions") {
    CHECK(expand({"$A=10.0.0.1", "x $A y"}).lines == "2:x 10.0.0.1 y|");
    CHECK(expand({"$A=10.0.0", "x ${A}.7/24"}).lines == "2:x 10.0.0.7/24|");
    CHECK(expand({"$A=1", "$B=${A}2", "x $B"}).lines == "3:x 12|");
    CHECK(expand({"x $UNKNOWN ${ALSO}"}).lines == "1:x $UNKNOWN ${ALSO}|");
    CHECK(expand({"$A=1", "x $AB $A"}).lines == "2:x $AB 1|");
    CHECK(expand({"$A=", "x ${A}y"}).lines == "2:x y|");
    CHECK(expand({"$A=1", "$A=2", "x $A"}).lines == "3:x 2|");
    CHECK(expand({"x ${_PWD} ${_HASH} ${_BANG}"}).lines == "1:x /etc/vrrpd # !|");
    CHECK(expand({"instance one", "x ${_INSTANCE}"}).lines == "1:instance one|2:x one|");
}

TEST_CASE("definitions of several lines") {
    CHECK(expand({"$A= \\", "  one \\", "  two", "$A", "z"}).lines == "4:one|4:two|5:z|");
}

TEST_CASE("repetitions") {
    CHECK(expand({"~SEQ(i,1,3) a $i b"}).lines == "1: a 1 b|1: a 2 b|1: a 3 b|");
    CHECK(expand({"~SEQ(i,3,-1,1) a${i}b"}).lines == "1: a3b|1: a2b|1: a1b|");
    CHECK(expand({"~SEQx(i,9,b) $i"}).lines == "1: 9|1: a|1: b|");
    CHECK(expand({"~LST(n,x,y) v $n"}).lines == "1: v x|1: v y|");
    CHECK(expand({"~LST({a,b},{1,2},{3,4}) $a-${b}"}).lines == "1: 1-2|1: 3-4|");
    CHECK(expand({"~SEQ(i,1,2) ~SEQ(k,1,2) $i.$k"}).lines.size() > 20);
}

TEST_CASE("what would never end is refused") {
    CHECK(expand({"$A=x${A}", "$A"}).diagnostics.has_errors());
    CHECK(expand({"$A= \\", " $A \\", " $A", "$A"}).diagnostics.has_errors());
    CHECK(expand({"~SEQ(i,1,9999999999) $i"}).diagnostics.has_warnings());
    CHECK(expand({"~SEQ(i,1,0,9) $i"}).diagnostics.has_warnings());
    CHECK(expand({"~SEQ(i,1"}).diagnostics.has_warnings());
    CHECK(expand({"~SEQ(i,1,99999) ~SEQ(k,1,99999) $i"}).diagnostics.has_errors());
}

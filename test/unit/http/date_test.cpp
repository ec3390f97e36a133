#include "proxyd/http/date.h"

#include <catch2/catch.hpp>

using proxyd::http::parse_date;

TEST_CASE("the three forms of an HTTP date") {
    CHECK(parse_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777);
    CHECK(parse_date("Sunday, 06-Nov-94 08:49:37 GMT") == 784111777);
    CHECK(parse_date("Sun Nov  6 08:49:37 1994") == 784111777);
    CHECK(parse_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
    CHECK(parse_date("Wednesday, 01-Jan-70 00:00:00 GMT", 2020) ==
          3155760000);                                                 // no more than 50 years ahead
    CHECK(parse_date("Tue, 29 Feb 2028 23:59:60 GMT") == 1835481600);  // a leap second
}

TEST_CASE("what is no date") {
    for (const char* text :
         {"", "0", "-1", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 30 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
          "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun Nov 6 08:49:37 1994",
          "Sunday, 06-Nov-1994 08:49:37 GMT"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_date(text));
    }
}

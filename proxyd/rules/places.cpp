#include "proxyd/rules/places.h"

#include <array>

#include "proxyd/rules/rule_set.h"

namespace proxyd::rules {
namespace {

// Whole stretches of the way.
constexpr Places kRequestWay = kAtFrontContent | kAtFrontRequest | kAtChoice | kAtBackContent |
                               kAtBackRequest | kAtServerChoice | kAtConnect;
constexpr Places kResponseWay = kAtBackResponseContent | kAtBackResponse | kAtStickStore | kAtFrontResponse;
constexpr Places kBackWay = kAtBackContent | kAtBackRequest | kAtServerChoice | kAtConnect | kResponseWay;
constexpr Places kWholeWay = kAtConnection | kAtSession | kRequestWay | kResponseWay | kAtLog;

struct SourceRow {
    Places places;
    std::string_view text;
};
// In the order of the enumeration.
constexpr std::array<SourceRow, kSources> kSourceRows{{
    {kAnywhere, "constants"},
    {kWholeWay | kAtCheck | kAtCommand, "internal state"},
    {kWholeWay | kAtCheck, "layer 4 of the client's connection"},
    {kWholeWay, "the frontend"},
    {kWholeWay & ~kAtConnection, "layer 5 of the client's connection"},
    {kRequestWay, "HTTP request headers or bytes of the client"},
    {kRequestWay, "HTTP request headers or bytes of the client"},
    {kRequestWay | kResponseWay | kAtLog, "the HTTP request"},
    {kRequestWay | kResponseWay | kAtCheck, "HTTP headers"},
    {kBackWay | kAtLog | kAtCheck, "the backend"},
    {kAtConnect | kResponseWay | kAtLog | kAtCheck, "the server"},
    {kResponseWay | kAtLog | kAtCheck, "the server's connection or the HTTP response"},
    {kResponseWay | kAtCheck, "HTTP response headers or bytes of the server"},
}};

struct PlaceRow {
    Places place;
    std::string_view text;
};
constexpr PlaceRow kPlaceRows[] = {
    {kAtConnection, "tcp-request connection rule"},
    {kAtSession, "tcp-request session rule"},
    {kAtFrontContent, "frontend tcp-request content rule"},
    {kAtFrontRequest, "frontend http-request header rule"},
    {kAtChoice, "frontend use-backend rule"},
    {kAtBackContent, "backend tcp-request content rule"},
    {kAtBackRequest, "backend http-request header rule"},
    {kAtServerChoice, "backend use-server, balance or stick-match rule"},
    {kAtConnect, "server source selection"},
    {kAtBackResponseContent, "backend tcp-response content rule"},
    {kAtBackResponse, "backend http-response header rule"},
    {kAtStickStore, "backend stick-store rule"},
    {kAtFrontResponse, "frontend http-response header rule"},
    {kAtLog, "logs"},
    {kAtCheck, "backend tcp-check rule"},
    {kAtConfiguration, "configuration parser"},
    {kAtCommand, "CLI parser"},
};

// In the order of the enumeration: the places of a phase in sections of either side.
constexpr std::array<Places, kPhases> kPhasePlaces{
    kAtFrontRequest | kAtBackRequest,    // http_request
    kAtFrontResponse | kAtBackResponse,  // http_response
    kAtFrontResponse | kAtBackResponse,  // http_after_response
    kAtConnection,                       // tcp_connection
    kAtSession,                          // tcp_session
    kAtFrontContent | kAtBackContent,    // tcp_content
    kAtBackResponseContent,              // tcp_response
};

}  // namespace

Places places_of(Source source) {
    return kSourceRows[static_cast<std::size_t>(source)].places;
}

Places places_of(Phase phase, Places sides) {
    return kPhasePlaces[static_cast<std::size_t>(phase)] & (sides | kAtConnection | kAtSession);
}

std::string_view describe(Source source) {
    return kSourceRows[static_cast<std::size_t>(source)].text;
}

std::string_view describe(Places places) {
    for (const PlaceRow& row : kPlaceRows)
        if ((row.place & places) != 0) return row.text;
    return {};
}

}  // namespace proxyd::rules

// Converters of addresses and times (configuration manual 7.3.1).
#include <array>
#include <ctime>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

// ipmask(mask4[,mask6])
bool convert_ipmask(const Context&, const Arguments& arguments, Sample& sample) {
    const std::size_t which = sample.type == SampleType::ipv4 ? 0 : 1;
    if (!arguments.has(which)) return false;
    const Network& mask = arguments.network(which);
    for (std::size_t i = 0; i < mask.width(); ++i) sample.address[i] &= mask.mask[i];
    return true;
}

using Calendar = std::tm* (*)(const std::time_t*, std::tm*);

bool format_time(const Context& context, Calendar calendar, const char* format, std::int64_t seconds,
                 Sample& out) {
    if (context.arena == nullptr) return false;
    const std::time_t when = seconds;
    std::tm parts{};
    if (calendar(&when, &parts) == nullptr) return false;
    std::array<char, 256> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), format, &parts);
    return out.set_text(context.arena->copy({text.data(), size})), true;
}

// ltime(format[,offset]), utime(format[,offset])
template <Calendar calendar>
bool convert_time(const Context& context, const Arguments& arguments, Sample& sample) {
    return format_time(context, calendar, arguments.text(0).data(), sample.number + arguments.number(1),
                       sample);
}

// http_date([offset]): RFC 9110 section 5.6.7.
bool convert_http_date(const Context& context, const Arguments& arguments, Sample& sample) {
    return format_time(context, ::gmtime_r, "%a, %d %b %Y %H:%M:%S GMT", sample.number + arguments.number(0),
                       sample);
}

constexpr ArgumentSpec kMasks{1, {ArgumentKind::mask4, ArgumentKind::mask6}};
constexpr ArgumentSpec kTime{1, {ArgumentKind::text, ArgumentKind::number}};
constexpr ArgumentSpec kOptionalNumber{0, {ArgumentKind::number}};
constexpr SampleType kInteger = SampleType::integer;
constexpr SampleType kString = SampleType::string;

constexpr std::array kRows{
    ConverterRow{"ipmask", SampleType::address, SampleType::address, kMasks, convert_ipmask,
                 "an address's network"},
    ConverterRow{"ltime", kInteger, kString, kTime, convert_time<::localtime_r>,
                 "a local date, as strftime formats"},
    ConverterRow{"utime", kInteger, kString, kTime, convert_time<::gmtime_r>,
                 "a UTC date, as strftime formats"},
    ConverterRow{"http_date", kInteger, kString, kOptionalNumber, convert_http_date,
                 "a date for HTTP fields"},
};

}  // namespace

std::span<const ConverterRow> misc_converters() {
    return kRows;
}

}  // namespace proxyd::rules

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

// http_date([offset[,unit]]): RFC 9110 section 5.6.7. The unit, of time and offset, is s, ms or us; of the
// latter two HAProxy shows how many there are since the last whole second.
bool convert_http_date(const Context& context, const Arguments& arguments, Sample& sample) {
    const std::int64_t per_second = arguments.number(1, 1), time = sample.number + arguments.number(0);
    if (per_second == 1) return format_time(context, ::gmtime_r, "%a, %d %b %Y %H:%M:%S GMT", time, sample);
    const std::string format = "%a, %d %b %Y %H:%M:%S." + std::to_string(time % per_second) + " GMT";
    return format_time(context, ::gmtime_r, format.c_str(), time / per_second, sample);
}

common::Result<> check_http_date(Arguments& arguments) {
    if (!arguments.has(1)) return {};
    const std::string_view unit = arguments.text(1);
    if (unit != "s" && unit != "ms" && unit != "us")
        return common::fail("the unit is s, ms or us, not '" + std::string(unit) + "'", common::Side::config);
    arguments.set(1, std::int64_t{unit == "s" ? 1 : unit == "ms" ? 1'000 : 1'000'000});
    return {};
}

constexpr ArgumentSpec kMasks{1, {ArgumentKind::mask4, ArgumentKind::mask6}};
constexpr ArgumentSpec kTime{1, {ArgumentKind::text, ArgumentKind::number}};
constexpr SampleType kInteger = SampleType::integer;
constexpr SampleType kString = SampleType::string;

constexpr std::array kRows{
    ConverterRow{"ipmask", SampleType::address, SampleType::address, kMasks, convert_ipmask,
                 "an address's network"},
    ConverterRow{"ltime", kInteger, kString, kTime, convert_time<::localtime_r>,
                 "a local date, as strftime formats"},
    ConverterRow{"utime", kInteger, kString, kTime, convert_time<::gmtime_r>,
                 "a UTC date, as strftime formats"},
    ConverterRow{"http_date", kInteger, kString, ArgumentSpec{0, {ArgumentKind::number, ArgumentKind::text}},
                 convert_http_date, "a date for HTTP fields", check_http_date},
};

}  // namespace

std::span<const ConverterRow> misc_converters() {
    return kRows;
}

}  // namespace proxyd::rules

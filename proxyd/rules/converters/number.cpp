// Converters of numbers (configuration manual 7.3.1). Sums and products saturate.
#include <array>
#include <limits>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::int64_t add(std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    if (__builtin_add_overflow(a, b, &out)) return a < 0 ? kMin : kMax;
    return out;
}
std::int64_t sub(std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    if (__builtin_sub_overflow(a, b, &out)) return a < 0 ? kMin : kMax;
    return out;
}
std::int64_t mul(std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    if (__builtin_mul_overflow(a, b, &out)) return (a < 0) == (b < 0) ? kMax : kMin;
    return out;
}
std::int64_t div(std::int64_t a, std::int64_t b) {
    if (b == 0) return kMax;
    return a == kMin && b == -1 ? kMax : a / b;
}
std::int64_t mod(std::int64_t a, std::int64_t b) {
    return b == 0 || b == -1 ? 0 : a % b;
}
std::int64_t bit_and(std::int64_t a, std::int64_t b) {
    return a & b;
}
std::int64_t bit_or(std::int64_t a, std::int64_t b) {
    return a | b;
}
std::int64_t bit_xor(std::int64_t a, std::int64_t b) {
    return a ^ b;
}

template <std::int64_t (*Operation)(std::int64_t, std::int64_t)>
bool convert_two(const Context& context, const Arguments& arguments, Sample& sample) {
    std::int64_t other = 0;
    if (!arguments.value(0, context, other)) return false;
    return sample.set_int(Operation(sample.number, other)), true;
}

bool convert_neg(const Context&, const Arguments&, Sample& sample) {
    return sample.set_int(sub(0, sample.number)), true;
}
bool convert_cpl(const Context&, const Arguments&, Sample& sample) {
    return sample.set_int(~sample.number), true;
}
bool convert_even(const Context&, const Arguments&, Sample& sample) {
    return sample.set_bool((sample.number & 1) == 0), true;
}
bool convert_odd(const Context&, const Arguments&, Sample& sample) {
    return sample.set_bool((sample.number & 1) != 0), true;
}
bool convert_bool(const Context&, const Arguments&, Sample& sample) {
    return sample.set_bool(sample.number != 0), true;
}
bool convert_not(const Context&, const Arguments&, Sample& sample) {
    return sample.set_bool(sample.number == 0), true;
}

constexpr ArgumentSpec kNumber{1, {ArgumentKind::value}};  // a number or a variable
constexpr SampleType kInteger = SampleType::integer;
constexpr SampleType kBoolean = SampleType::boolean;

constexpr std::array kRows{
    ConverterRow{"add", kInteger, kInteger, kNumber, convert_two<add>, "plus a number"},
    ConverterRow{"sub", kInteger, kInteger, kNumber, convert_two<sub>, "minus a number"},
    ConverterRow{"mul", kInteger, kInteger, kNumber, convert_two<mul>, "times a number"},
    ConverterRow{"div", kInteger, kInteger, kNumber, convert_two<div>,
                 "divided by a number; by 0 is the maximum"},
    ConverterRow{"mod", kInteger, kInteger, kNumber, convert_two<mod>, "the rest of a division"},
    ConverterRow{"and", kInteger, kInteger, kNumber, convert_two<bit_and>, "bits in both"},
    ConverterRow{"or", kInteger, kInteger, kNumber, convert_two<bit_or>, "bits in either"},
    ConverterRow{"xor", kInteger, kInteger, kNumber, convert_two<bit_xor>, "bits in one of both"},
    ConverterRow{"neg", kInteger, kInteger, {}, convert_neg, "with the other sign"},
    ConverterRow{"cpl", kInteger, kInteger, {}, convert_cpl, "with all bits turned"},
    ConverterRow{"even", kInteger, kBoolean, {}, convert_even, "true when even"},
    ConverterRow{"odd", kInteger, kBoolean, {}, convert_odd, "true when odd"},
    ConverterRow{"bool", kInteger, kBoolean, {}, convert_bool, "true unless 0"},
    ConverterRow{"not", kInteger, kBoolean, {}, convert_not, "true when 0"},
};

}  // namespace

std::span<const ConverterRow> number_converters() {
    return kRows;
}

}  // namespace proxyd::rules

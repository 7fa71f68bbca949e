#include "http/serializer.hpp"

namespace sluice::http {
namespace {

constexpr std::string_view day_names = "ThuFriSatSunMonTueWed";  // 1970-01-01 was a Thursday
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct CivilDay {
    unsigned year;
    unsigned month;  // 0 is January
    unsigned day;
};

constexpr bool is_leap(unsigned year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/// Days since 1970-01-01 as a date: whole cycles of 400 years first, then by years and months.
constexpr CivilDay civil_day(std::uint64_t days) {
    constexpr std::uint64_t days_in_cycle = 146097;
    constexpr std::array<unsigned, 12> month_days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = 1970 + static_cast<unsigned>(400 * (days / days_in_cycle));
    auto left = static_cast<unsigned>(days % days_in_cycle);
    for (unsigned length = 0; left >= (length = is_leap(year) ? 366U : 365U); ++year)
        left -= length;
    unsigned month = 0;
    for (;; ++month) {
        const unsigned length = month_days[month] + (month == 1 && is_leap(year) ? 1U : 0U);
        if (left < length) break;
        left -= length;
    }
    return {year, month, left + 1};
}

class DateWriter {
public:
    explicit DateWriter(HttpDate& out) : out_(out) {}

    void text(std::string_view piece) {
        for (const char c : piece) out_[size_++] = c;
    }
    void two_digits(unsigned value) {
        out_[size_++] = static_cast<char>('0' + value / 10 % 10);
        out_[size_++] = static_cast<char>('0' + value % 10);
    }

private:
    HttpDate& out_;
    std::size_t size_ = 0;
};

}  // namespace

HttpDate http_date(std::int64_t seconds_since_epoch) {
    constexpr std::uint64_t seconds_in_day = 86400;
    const std::uint64_t seconds =
        seconds_since_epoch < 0 ? 0 : static_cast<std::uint64_t>(seconds_since_epoch);
    const std::uint64_t days = seconds / seconds_in_day;
    const auto time = static_cast<unsigned>(seconds % seconds_in_day);
    const CivilDay date = civil_day(days);
    HttpDate out{};
    DateWriter writer(out);
    writer.text(day_names.substr(days % 7 * 3, 3));
    writer.text(", ");
    writer.two_digits(date.day);
    writer.text(" ");
    writer.text(month_names.substr(std::size_t{date.month} * 3, 3));
    writer.text(" ");
    writer.two_digits(date.year / 100);
    writer.two_digits(date.year % 100);
    writer.text(" ");
    writer.two_digits(time / 3600);
    writer.text(":");
    writer.two_digits(time / 60 % 60);
    writer.text(":");
    writer.two_digits(time % 60);
    writer.text(" GMT");
    return out;
}

}  // namespace sluice::http

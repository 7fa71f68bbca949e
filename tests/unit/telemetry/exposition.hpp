#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::telemetry::test {

struct Sample {
    std::string name;
    std::map<std::string, std::string> labels;
    double value = 0;
};

struct Family {
    std::string type;
    std::string help;
    std::vector<Sample> samples;
};

/// A strict reader of Prometheus' text format 0.0.4: every sample stands in its family, every
/// family has HELP and TYPE once, names are legal, no series occurs twice. Without an error `error`
/// is empty.
class Exposition {
public:
    explicit Exposition(std::string_view page);

    [[nodiscard]] const std::string& error() const { return error_; }
    [[nodiscard]] const std::map<std::string, Family>& families() const { return families_; }
    /// The series with exactly these labels.
    [[nodiscard]] std::optional<double> value(
        const std::string& name, const std::map<std::string, std::string>& labels = {}) const;

private:
    void read_comment(std::string_view line);
    void read_sample(std::string_view line);
    [[nodiscard]] bool read_labels(std::string_view& line, Sample& sample);
    [[nodiscard]] bool belongs(const std::string& name) const;
    void fail(std::string_view what, std::string_view line);

    std::string error_;
    std::string current_;
    std::map<std::string, Family> families_;
    std::map<std::string, std::vector<Sample>> series_;
};

}  // namespace sluice::telemetry::test

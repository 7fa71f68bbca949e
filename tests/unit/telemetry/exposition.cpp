#include "exposition.hpp"

#include <algorithm>
#include <cstdlib>

namespace sluice::telemetry::test {
namespace {

bool is_name(std::string_view name, bool may_have_colon) {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
    return std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || (may_have_colon && c == ':');
    });
}

std::string_view take_word(std::string_view& line) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space);
    line.remove_prefix(std::min(space + 1, line.size()));
    return word;
}

}  // namespace

Exposition::Exposition(std::string_view page) {
    if (!page.ends_with('\n')) fail("no line end at the end", page);
    while (!page.empty() && error_.empty()) {
        const std::size_t end = page.find('\n');
        const std::string_view line = page.substr(0, end);
        page.remove_prefix(std::min(end, page.size() - 1) + 1);
        if (line.starts_with("# ")) {
            read_comment(line);
        } else {
            read_sample(line);
        }
    }
}

void Exposition::read_comment(std::string_view line) {
    std::string_view rest = line.substr(2);
    const std::string_view kind = take_word(rest);
    const std::string name(take_word(rest));
    if (!is_name(name, true)) return fail("bad name", line);
    if (kind == "HELP") {
        if (families_.contains(name)) return fail("family twice", line);
        current_ = name;
        families_[name].help = rest;
        if (rest.empty()) fail("no help", line);
        return;
    }
    if (kind != "TYPE" || name != current_ || !families_[name].type.empty())
        return fail("bad TYPE", line);
    if (rest != "counter" && rest != "gauge" && rest != "histogram")
        return fail("unknown type", line);
    families_[name].type = rest;
}

void Exposition::read_sample(std::string_view line) {
    const std::string_view whole = line;
    Sample sample;
    const std::size_t end = line.find_first_of("{ ");
    if (end == std::string_view::npos) return fail("no value", whole);
    sample.name = line.substr(0, end);
    if (!is_name(sample.name, true)) return fail("bad name", whole);
    if (!belongs(sample.name)) return fail("outside its family", whole);
    line.remove_prefix(end);
    if (!read_labels(line, sample)) return fail("bad labels", whole);
    if (!line.starts_with(' ')) return fail("no space before the value", whole);
    const std::string number(line.substr(1));
    char* stop = nullptr;
    sample.value = std::strtod(number.c_str(), &stop);
    if (number.empty() || *stop != '\0') return fail("bad value", whole);
    std::vector<Sample>& same_name = series_[sample.name];
    for (const Sample& other : same_name) {
        if (other.labels == sample.labels) return fail("series twice", whole);
    }
    same_name.push_back(sample);
    families_[current_].samples.push_back(sample);
}

bool Exposition::read_labels(std::string_view& line, Sample& sample) {
    if (!line.starts_with('{')) return true;
    line.remove_prefix(1);
    while (!line.starts_with('}')) {
        const std::size_t equals = line.find("=\"");
        if (equals == std::string_view::npos || !is_name(line.substr(0, equals), false))
            return false;
        std::string& value = sample.labels[std::string(line.substr(0, equals))];
        line.remove_prefix(equals + 2);
        while (!line.empty() && line[0] != '"') {
            if (line[0] == '\\') {
                line.remove_prefix(1);
                if (line.empty() ||
                    std::string_view("\\\"n").find(line[0]) == std::string_view::npos)
                    return false;
                value.push_back(line[0] == 'n' ? '\n' : line[0]);
            } else {
                value.push_back(line[0]);
            }
            line.remove_prefix(1);
        }
        if (line.empty()) return false;
        line.remove_prefix(1);
        if (line.starts_with(',')) line.remove_prefix(1);
    }
    line.remove_prefix(1);
    return true;
}

bool Exposition::belongs(const std::string& name) const {
    const auto family = families_.find(current_);
    if (family == families_.end() || family->second.type.empty()) return false;
    if (family->second.type != "histogram") return name == current_;
    return name == current_ + "_bucket" || name == current_ + "_sum" || name == current_ + "_count";
}

std::optional<double> Exposition::value(const std::string& name,
                                        const std::map<std::string, std::string>& labels) const {
    const auto found = series_.find(name);
    if (found == series_.end()) return std::nullopt;
    for (const Sample& sample : found->second) {
        if (sample.labels == labels) return sample.value;
    }
    return std::nullopt;
}

void Exposition::fail(std::string_view what, std::string_view line) {
    if (error_.empty()) error_.append(what).append(": ").append(line);
}

}  // namespace sluice::telemetry::test

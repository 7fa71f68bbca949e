#include "telemetry/reload_status.hpp"

#include "base/log.hpp"
#include "telemetry/json_writer.hpp"
#include "telemetry/prometheus_page.hpp"

namespace sluice::telemetry {
namespace {

std::string utc_time(std::int64_t milliseconds) {
    std::string text;
    append_utc_time(text, milliseconds);
    return text;
}

}  // namespace

void add_reload_status(JsonWriter& json, const ReloadStatus& status) {
    json.begin_object("configuration");
    json.member("generation", status.generation);
    json.member("loaded_at", utc_time(status.loaded_milliseconds));
    json.member("reloads_accepted", status.accepted);
    json.member("reloads_refused", status.refused);
    if (status.ended_milliseconds != 0) {
        json.begin_object("last_reload");
        json.member("ended_at", utc_time(status.ended_milliseconds));
        json.member("result", status.was_accepted ? "accepted" : "refused");
        json.begin_array("problems");
        for (const std::string& problem : status.problems) json.member("", problem);
        json.end_array();
        json.end_object();
    }
    json.end_object();
}

std::string prometheus_reloads(const ReloadStatus& status) {
    Page page;
    page.family("sluice_config_generation", "counter", "Configurations that have been in force since the start.");
    page.sample({}, status.generation);
    page.family("sluice_config_loaded_timestamp_seconds", "gauge", "When the configuration in force was taken.");
    page.sample({}, static_cast<double>(status.loaded_milliseconds) / 1000.0);
    page.family("sluice_config_reloads_total", "counter", "Reloads by how they ended.");
    page.sample({{"result", "accepted"}}, status.accepted);
    page.sample({{"result", "refused"}}, status.refused);
    page.family("sluice_config_last_reload_accepted", "gauge", "Whether the last reload changed what it should: 1 or 0.");
    page.sample({}, status.was_accepted ? 1 : 0);
    return page.take();
}

}  // namespace sluice::telemetry

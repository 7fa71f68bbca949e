#include "macos/job.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <optional>
#include <system_error>

#include "base/text.hpp"
#include "macos/property_list.hpp"

namespace sluice::service {
namespace {

constexpr std::string_view log_folder = "/Library/Logs/Sluice/";
constexpr std::string_view state_folder = "/Library/Application Support/Sluice";

/// Below what the kernel lets a process have since macOS 11 (kern.maxfilesperproc), far above launchd's own 256.
constexpr int most_files = 49152;

Failure unfit(const std::string& what) {
    return fail(system_error(what, std::make_error_code(std::errc::invalid_argument)));
}

struct SocketAddress {
    std::string host;
    std::string port;
    bool is_ipv6 = false;
};

/// "192.0.2.1:443" or "[2001:db8::1]:443".
std::optional<SocketAddress> parse_socket(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    SocketAddress address{.host = std::string(text.substr(0, colon)), .port = std::string(text.substr(colon + 1))};
    const std::optional<std::uint64_t> port = parse_decimal(address.port);
    if (!port || *port == 0 || *port > 65535) return std::nullopt;
    address.port = std::to_string(*port);
    address.is_ipv6 = address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
    if (address.is_ipv6) address.host = address.host.substr(1, address.host.size() - 2);
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    if (::inet_pton(address.is_ipv6 ? AF_INET6 : AF_INET, address.host.c_str(), bytes.data()) != 1) return std::nullopt;
    return address;
}

Result<void> add_sockets(PropertyListWriter& list, const std::vector<std::string>& sockets) {
    if (sockets.empty()) return {};
    list.begin_dictionary("Sockets");
    int number = 0;
    for (const std::string& text : sockets) {
        const std::optional<SocketAddress> address = parse_socket(text);
        if (!address) return unfit("\"" + text + "\" is no socket for the service: give an address and a port, such as 0.0.0.0:443 or [::]:443");
        // The names that platform/macos/activated_sockets.cpp asks for.
        list.begin_dictionary("Listener" + std::to_string(number++));
        list.add("SockNodeName", address->host);
        list.add("SockServiceName", address->port);
        list.add("SockFamily", address->is_ipv6 ? "IPv6" : "IPv4");
        list.add("SockType", "stream");
        list.end_dictionary();
    }
    list.end_dictionary();
    return {};
}

void add_environment(PropertyListWriter& list, const Instance& instance) {
    list.begin_dictionary("EnvironmentVariables");
    list.add("STATE_DIRECTORY", state_folder);
    list.add("RUNTIME_DIRECTORY", run_folder);
    list.add(pid_file_variable, pid_path(instance));
    list.add(output_file_variable, output_path(instance));
    list.add(error_file_variable, log_path(instance));
    list.end_dictionary();
}

/// When it starts, ends and starts again.
void add_life(PropertyListWriter& list) {
    list.add_boolean("RunAtLoad", true);
    // Again after a failure or a crash, not after an end that was asked for.
    list.begin_dictionary("KeepAlive");
    list.add_boolean("SuccessfulExit", false);
    list.end_dictionary();
    list.add("ThrottleInterval", 10);
    list.add("ExitTimeOut", exit_time_out_s);
    // Clients wait for answers, as for a program with windows: the processor, the disk and timers are not held back for it.
    list.add("ProcessType", "Interactive");
}

void add_limits(PropertyListWriter& list) {
    for (const char* const key : {"SoftResourceLimits", "HardResourceLimits"}) {
        list.begin_dictionary(key);
        list.add("NumberOfFiles", most_files);
        list.end_dictionary();
    }
}

}  // namespace

std::string label_of(const Instance& instance) { return std::string(label_prefix) + instance.name; }

std::string target_of(const Instance& instance) { return "system/" + label_of(instance); }

std::string property_list_path(const Instance& instance) {
    return "/Library/LaunchDaemons/" + label_of(instance) + ".plist";
}

std::string log_path(const Instance& instance) { return std::string(log_folder) + instance.name + ".log"; }

std::string output_path(const Instance& instance) { return std::string(log_folder) + instance.name + "-access.log"; }

std::string pid_path(const Instance& instance) { return std::string(run_folder) + "/" + instance.name + ".pid"; }

std::string rotation_path(const Instance& instance) { return "/etc/newsyslog.d/" + label_of(instance) + ".conf"; }

std::string rotation_of(const Instance& instance) {
    std::string text = "# logfilename [owner:group] mode count size when flags [/pid_file] [sig_num]\n";
    for (const std::string& path : {log_path(instance), output_path(instance)}) {
        text += path + " " + std::string(job_account) + ":admin 640 7 10240 * Z " + pid_path(instance) + " 30\n";
    }
    return text;
}

Result<std::string> property_list_of(const Instance& instance) {
    for (const std::string& path : {instance.binary, instance.config}) {
        if (!path.starts_with('/')) return unfit("\"" + path + "\" is not a path in full");
        if (!fits_property_list(path)) return unfit("a property list can't hold a path with control characters or that is no UTF-8");
    }
    PropertyListWriter list;
    list.add("Label", label_of(instance));
    list.add_list("ProgramArguments", {instance.binary, "run", "-c", instance.config});
    list.add("UserName", job_account);
    list.add("GroupName", job_account);
    list.add("WorkingDirectory", state_folder);
    // 027: others read no log.
    list.add("Umask", 23);
    add_environment(list, instance);
    list.add("StandardOutPath", output_path(instance));
    list.add("StandardErrorPath", log_path(instance));
    add_life(list);
    add_limits(list);
    if (const Result<void> added = add_sockets(list, instance.sockets); !added) return fail(added.error());
    return list.finish();
}

}  // namespace sluice::service
